import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { eventually } from '../../e2e/eventually.ts';
import { ShopProcess } from '../../e2e/shop-process.ts';
import { HttpCaller } from '../shop/http-caller.ts';
import type { Cost } from './cost.ts';
import { processorTime } from '../measure/processes.ts';
import { Users } from './users.ts';

const linesOfCart = 3;
const warmRounds = 10;
/** More than an actor remembers answers of. */
const manyAdds = 40;

/** What carts, checkouts and messages cost, in a shop as `npm start` starts it. */
export async function shopCosts(
  dataDir: string,
  buyers: number,
  say: (line: string) => void,
): Promise<Cost[]> {
  const shop = await ShopProcess.start({ DATA_DIR: dataDir, SEED_STOCK: '1000000000' });
  const http = new HttpCaller(shop.client.url);
  const postgres = new Client({ connectionString: shop.postgresUrl });
  const redis = new Redis(shop.redisUrl);
  try {
    await postgres.connect();
    const of = { http, tokens: shop.tokens };
    const costs: Cost[] = [];
    const warm = await Users.from(1, 200, of);
    // Whoever comes first pays for the compiler: the code of all three is warm before anything is measured.
    for (let round = 0; round < warmRounds; round++) {
      await warm.health();
      await warm.read();
    }
    await warm.add(linesOfCart);
    await warm.checkout();

    const [redisPid = 0, postgresPid = 0] = shop.servers;
    const time = async (name: string, count: number, act: () => Promise<void>) => {
      say(`sizing: ${name}, ${count} times`);
      const read = () => [shop.pid, redisPid, postgresPid].map((pid) => processorTime(pid));
      const before = read();
      await act();
      const [process = NaN, inRedis = NaN, inPostgres = NaN] = read().map(
        (after, index) => (after - (before[index] ?? NaN)) / count,
      );
      return { process, redis: inRedis, postgres: inPostgres };
    };
    const users = await Users.from(1_000, buyers, of);
    const files = sqliteSizes(dataDir);
    const atStart = files();
    const health = await time('GET /health', users.count, () => users.health());
    const add = await time('add to cart', users.count * linesOfCart, () => users.add(linesOfCart));
    const withCarts = files();
    const read = await time('GET cart', users.count, () => users.read());

    const before = { tables: await tableSizes(postgres), wal: await walPosition(postgres) };
    const checkout = await time('checkout', users.count, async () => {
      await users.checkout();
      await untilOrdered(postgres, users.count + warm.count);
    });
    const after = { tables: await tableSizes(postgres), wal: await walPosition(postgres) };
    const sold = files();
    await postgres.query('VACUUM FULL checkout_sessions, orders, outbox_events');
    const packed = await tableSizes(postgres);

    const few = await Users.from(500_000, Math.ceil(buyers / 10), of);
    const beforeMany = files();
    await few.add(manyAdds);
    const afterMany = files();

    const bytes = (what: string, value: number, note: string): Cost => ({ what, value, unit: 'bytes', note });
    const n = users.count;
    const all = n + warm.count;
    costs.push(
      bytes(
        'cart in SQLite',
        (withCarts.carts - atStart.carts) / n,
        `${n} carts of ${linesOfCart} lines, with index`,
      ),
      bytes(
        'cart in SQLite, with all the answers it remembers',
        (afterMany.carts - beforeMany.carts) / few.count,
        `${few.count} carts of 5 lines after ${manyAdds} messages`,
      ),
    );
    for (const table of ['checkout_sessions', 'orders', 'outbox_events'] as const) {
      const name = { checkout_sessions: 'checkout', orders: 'order', outbox_events: 'outbox row' }[table];
      const grown = ((after.tables[table] ?? NaN) - (before.tables[table] ?? NaN)) / n;
      costs.push(
        bytes(
          `${name} in PostgreSQL, packed`,
          (packed[table] ?? NaN) / all,
          `${table} with indexes, vacuumed`,
        ),
        bytes(
          `${name} in PostgreSQL, as written`,
          grown,
          'before any vacuum: what its updates left lies there, too',
        ),
      );
    }
    costs.push(
      bytes('PostgreSQL log (WAL) per checkout', (after.wal - before.wal) / n, 'until its order is there'),
      bytes('payment in SQLite', (sold.payment - withCarts.payment) / n, 'payment.sqlite'),
      bytes('reservation in SQLite', (sold.inventory - withCarts.inventory) / n, 'inventory.sqlite, 3 lines'),
      bytes('event in Redis Streams', await streamEntryBytes(redis), 'MEMORY USAGE over all partitions'),
    );
    for (const [what, used] of [
      ['add to cart', add],
      ['GET cart', read],
      ['checkout with its order', checkout],
    ] as const) {
      const note = `${n} users, 32 at once; carts of ${linesOfCart} lines`;
      costs.push(
        { what: `${what}: the process`, value: used.process, unit: 'µs of processor', note },
        {
          what: `${what}: the process`,
          value: used.process / health.process,
          unit: '× a GET /health',
          note: 'in the same run',
        },
        { what: `${what}: Redis`, value: used.redis, unit: 'µs of processor', note },
        { what: `${what}: PostgreSQL`, value: used.postgres, unit: 'µs of processor', note },
      );
    }
    return costs;
  } finally {
    http.close();
    redis.disconnect();
    await postgres.end();
    shop.signal('SIGTERM');
    await shop.ended;
  }
}

/** Reads how large the files are, with what still lies in their logs. */
function sqliteSizes(dataDir: string) {
  const size = (name: string) => {
    const database = new Database(join(dataDir, `${name}.sqlite`), { readonly: true });
    try {
      const [pages, unused, bytes] = ['page_count', 'freelist_count', 'page_size'].map((pragma) =>
        Number(database.pragma(pragma, { simple: true })),
      ) as [number, number, number];
      return (pages - unused) * bytes;
    } finally {
      database.close();
    }
  };
  return () => ({ carts: size('carts'), payment: size('payment'), inventory: size('inventory') });
}

async function tableSizes(client: Client): Promise<Readonly<Record<string, number>>> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT relname AS name, pg_total_relation_size(oid)::text AS bytes FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  return Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

async function walPosition(client: Client): Promise<number> {
  const { rows } = await client.query<{ position: string }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text AS position`,
  );
  return Number(rows[0]?.position);
}

async function untilOrdered(client: Client, wanted: number): Promise<void> {
  const ordered = async () => {
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int FROM orders');
    return (rows[0]?.count ?? 0) >= wanted;
  };
  await eventually(ordered, `${wanted} orders`, 60_000);
}

async function streamEntryBytes(redis: Redis): Promise<number> {
  const keys = (await redis.keys('{log-checkout-outbox}:*')).filter((key) => /:\d+$/.test(key));
  let [bytes, entries] = [0, 0];
  for (const key of keys) {
    bytes += (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0;
    entries += await redis.xlen(key);
  }
  return bytes / entries;
}
