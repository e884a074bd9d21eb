import { MemoryStateStore } from '@trolley/runtime/testing';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { SmallShop, type Visit } from '../../../operate/reconcile/testing/small-shop.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../../shop/process/temporary-folder.ts';

/** How much there is to look at. */
export interface Sizes {
  readonly finished: number;
  readonly running: number;
  /** Mailboxes with messages that wait. */
  readonly mailboxes: number;
}

/** The user with a tenth of all finished checkouts. */
export const collector = 7;
const dayMs = 86_400_000;
/** Almost as old as what the retention sweep removes. */
const oldestMs = 80 * dayMs;
const chunkOf = 50_000;
/** Beside so many checkouts an operator acts once. */
const checkoutsPerAction = 100;
/** More than a page shows. */
const fewestActions = 200;
const unsentEvents = 500;

const visit = (userId: number, payment: Visit['payment']): Visit => ({
  ...{ userId, payment, event: 'handled', order: 'kept' },
  lines: [
    { productId: 1, quantity: 2 },
    { productId: 2, quantity: 1 },
  ],
});

/** Checkouts, events and actions of operators: rows as the actors write them, once more for many others. */
export async function seedTables(
  postgresUrl: string,
  { finished, running }: Pick<Sizes, 'finished' | 'running'>,
  say: (line: string) => void,
): Promise<void> {
  const patterns = await writePatterns(postgresUrl);
  // One connection: the function goes with it.
  const pool = createPostgresPool(postgresUrl, { max: 1, statementTimeoutMs: 0 });
  try {
    await pool.query(copyFunction(await columnsOf(pool)));
    const copy = (pattern: string, from: number, to: number, oldest: number) =>
      pool.query(`SELECT pg_temp.seed_checkouts('${pattern}', ${from}, ${to}, ${finished}, ${oldest})`);
    for (let from = 0; from < finished; from += chunkOf) {
      const to = Math.min(finished, from + chunkOf);
      const failed = to - Math.ceil((to - from) / 50);
      await copy(patterns.completed, from, failed, oldestMs);
      await copy(patterns.failed, failed, to, oldestMs);
      if (to % (5 * chunkOf) === 0) say(`${to.toLocaleString('en')} finished checkouts`);
    }
    await copy(patterns.running, finished, finished + running, 0);
    await makeSomeStuck(pool, patterns.running);
    await pool.query(events(finished));
    await pool.query(actions(Math.max(fewestActions, Math.ceil(finished / checkoutsPerAction))));
    // Autovacuum would have done so by then.
    for (const table of ['checkout_sessions', 'outbox_events', 'console_audit'])
      await pool.query(`VACUUM (ANALYZE) ${table}`);
  } finally {
    await pool.end();
  }
}

async function writePatterns(postgresUrl: string) {
  const folder = temporaryFolder('bench');
  try {
    const shop = await SmallShop.open(folder, Date.now());
    await shop.visit(visit(1, 'card'));
    await shop.visit(visit(2, 'card_declined'));
    await shop.visit(visit(3, 'slow'));
    const [completed, failed, running] = shop.bought.map(({ checkoutId }) => checkoutId);
    await shop.close(postgresUrl, new MemoryStateStore());
    if (completed === undefined || failed === undefined || running === undefined)
      throw new Error('the shop of the patterns sold nothing');
    return { completed, failed, running };
  } finally {
    removeTemporaryFolder(folder);
  }
}

async function columnsOf(pool: PostgresPool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = 'checkout_sessions' AND is_generated = 'NEVER'`,
  );
  return rows.map(({ name }) => name);
}

/** What differs from one to the next, as SQL over `n`, `at`, and the row `p` that is copied. */
const differing: Readonly<Record<string, string>> = {
  id: 'gen_random_uuid()',
  user_id: `CASE WHEN n % 10 = 0 THEN ${collector} ELSE 1000 + n / 20 END`,
  idempotency_key: `'seed-' || n`,
  created_at: 'at',
  updated_at: `at + interval '2 seconds'`,
  completed_at: `p.completed_at + (at - p.created_at)`,
  machine_snapshot: `jsonb_set(p.machine_snapshot, '{context,createdAt}', to_jsonb((extract(epoch FROM at) * 1000)::bigint))`,
  // Checkouts under way are due in an hour, so that none goes on meanwhile.
  runtime: `CASE WHEN p.runtime -> 'effects' = '[]' THEN p.runtime ELSE jsonb_set(p.runtime, '{effects,0,notBefore}',
    to_jsonb((extract(epoch FROM clock_timestamp()) * 1000)::bigint + 3600000 + n)) END`,
};

const copyFunction = (columns: readonly string[]) => `
  CREATE FUNCTION pg_temp.seed_checkouts(pattern uuid, since int, until int, of_all int, oldest_ms bigint)
  RETURNS void LANGUAGE sql AS $$
    INSERT INTO checkout_sessions (${columns.join(', ')})
    SELECT ${columns.map((name) => differing[name] ?? `p.${name}`).join(', ')}
    FROM checkout_sessions p, generate_series(since, until - 1) AS n,
      LATERAL (SELECT now() - make_interval(secs => oldest_ms * (1 - least(1, n::float8 / of_all)) / 1000 + 5) AS at) AS t
    WHERE p.id = pattern
  $$`;

/** Every second one has been tried before. */
const makeSomeStuck = (pool: PostgresPool, running: string) =>
  pool.query(
    `UPDATE checkout_sessions SET machine_snapshot = jsonb_set(machine_snapshot, '{context,retries}', '2')
     WHERE id <> $1 AND runtime -> 'effects' <> '[]' AND user_id % 2 = 0`,
    [running],
  );

const events = (finished: number) => `
  INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload, headers, created_at, processed_at, publications)
  SELECT gen_random_uuid(), p.event_type, (1000 + n / 20)::text, p.payload, p.headers, at,
    CASE WHEN n < ${finished} THEN at + interval '1 second' END, CASE WHEN n < ${finished} THEN 1 ELSE 0 END
  FROM (SELECT * FROM outbox_events ORDER BY id LIMIT 1) AS p, generate_series(1, ${finished + unsentEvents}) AS n,
    LATERAL (SELECT now() - interval '6 days' * (1 - n::float8 / ${finished + unsentEvents}) AS at) AS t`;

const actions = (count: number) => `
  INSERT INTO console_audit (at, who, role, source, action, target, outcome, ended_at, request_id, address)
  SELECT now() - make_interval(mins => ${count} - n), 'operator-' || n % 20, 'operator', 'console', 'replay dead letter',
    'cart~' || n || ':' || n, CASE WHEN n % 50 = 0 THEN 'unknown' ELSE 'done' END, now(), 'request-' || n, '127.0.0.1'
  FROM generate_series(1, ${count}) AS n`;
