import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { expectInvariants, untilAllEnded } from '../e2e/invariants.ts';
import { ShopClient } from '../e2e/shop-client.ts';
import { portOf, type Environment } from '../e2e/shop-environment.ts';
import { ShopProcess } from '../e2e/shop-process.ts';
import { ShopStores } from '../e2e/shop-stores.ts';
import {
  keepTemporaryFolder,
  removeTemporaryFolder,
  temporaryFolder,
} from '../../shop/process/temporary-folder.ts';
import {
  startPrivateKafka,
  startPrivateMongo,
  startPrivatePostgres,
  startPrivateRedis,
  type PrivateServer,
} from '../testing/test-servers.ts';
import type { Finding } from './ledger-audit.ts';
import { isSuccess, OutageLoad } from './outage-load.ts';
import { backings, type Backing, type OutageScenarioOptions } from './outage-options.ts';
import type { OutageCheck, OutageReport, SeenOutage } from './outage-report.ts';
import type { ScenarioHost } from './scenario.ts';

const starters: Readonly<Record<Backing, () => Promise<PrivateServer>>> = {
  kafka: () => startPrivateKafka(),
  mongodb: () => startPrivateMongo(),
  postgres: startPrivatePostgres,
  redis: startPrivateRedis,
};
type Servers = Readonly<Record<Backing, PrivateServer>>;

const services = ['product', 'inventory', 'payment'] as const;
const pollMs = 50;
/** Longer than a gateway may take for a request: what takes longer, hangs. */
const patienceFactor = 3;

interface Shop {
  readonly client: ShopClient;
  readonly stores: ShopStores;
  readonly processes: ReadonlyMap<string, ShopProcess>;
}

/** Runs the scenario once. Whatever happens, nothing that it started is left behind. */
export async function runOutages(
  options: OutageScenarioOptions,
  { signal }: ScenarioHost,
  say: (line: string) => void,
): Promise<OutageReport> {
  const folder = temporaryFolder('chaos');
  if (options.keepFolder) keepTemporaryFolder(folder);
  const releasers: (() => unknown)[] = [
    () => (options.keepFolder ? say(`logs are in ${folder}`) : removeTemporaryFolder(folder)),
  ];
  const findings: Finding<OutageCheck>[] = [];
  const find = (check: OutageCheck, key: string, expected: string, found: string) =>
    findings.push({ check, key, expected, found });
  try {
    const servers = await startServers(releasers);
    const shop = await startShop(servers, folder, options, releasers);
    for (const [name, { ended }] of shop.processes)
      void ended.then(({ code }) => find('recovers', name, 'a process that goes on', `code ${code}`));

    const load = new OutageLoad({
      users: await shop.client.users(1, options.users),
      thinkMs: options.thinkMs,
      patienceMs: options.requestTimeoutMs * patienceFactor,
    });
    releasers.push(() => load.giveUp());
    signal.addEventListener('abort', () => load.giveUp(), { once: true });
    const outages: SeenOutage[] = [];
    await delay(options.calmMs, undefined, { signal });
    for (const of of options.of) {
      say(`${options.freeze ? 'freeze' : 'kill -9'} ${of}`);
      const outage = await withdraw(of, servers, load, options, signal);
      say(`${of} is back; ${outage.answers.length} answers meanwhile`);
      if (outage.servedMs === undefined || outage.caughtUpMs === undefined)
        find('recovers', of, `within ${options.recoverMs} ms`, JSON.stringify({ ...outage, answers: [] }));
      outages.push(outage);
      await delay(options.calmMs, undefined, { signal });
    }
    const late = setTimeout(() => {
      find('recovers', 'the load', 'an answer to all that was asked last', 'none');
      load.giveUp();
    }, options.recoverMs);
    await load.stop();
    clearTimeout(late);
    judge(load, outages, options, find);

    try {
      await untilAllEnded(shop.stores, options.recoverMs);
    } catch (error) {
      find('ends', 'the shop', 'rest', (error as Error).message);
    }
    try {
      await expectInvariants(shop.stores);
    } catch (error) {
      find('invariants', 'the shop', 'balance', (error as Error).message);
    }
    await holdAgainst(shop.stores, load, find);
    const during = new Set(outages.flatMap(({ answers }) => answers));
    const calm = { of: 'none' as const, answers: load.seen.filter((answer) => !during.has(answer)) };
    const orders = (await shop.stores.orders()).length;
    return { options, outages: [...outages, calm], findings: [...findings], orders };
  } finally {
    for (const release of releasers.reverse()) await release();
  }
}

async function startServers(releasers: (() => unknown)[]): Promise<Servers> {
  const started = await Promise.all(
    backings.map(async (name) => {
      const server = await starters[name]();
      releasers.push(() => server.stop());
      return [name, server] as const;
    }),
  );
  return Object.fromEntries(started) as Servers;
}

async function startShop(
  servers: Servers,
  folder: string,
  { requestTimeoutMs }: OutageScenarioOptions,
  releasers: (() => unknown)[],
): Promise<Shop> {
  const processes = new Map<string, ShopProcess>();
  const start = async (name: string, roles: string, environment: Environment) => {
    const dataDir = join(folder, name);
    const started = await ShopProcess.start({ ...environment, ROLES: roles, DATA_DIR: dataDir });
    releasers.push(async () => {
      await started.kill();
      writeFileSync(join(folder, `${name}.log`), `${started.log.join('\n')}\n`);
    });
    processes.set(name, started);
    return started;
  };
  const behind = await start('services', services.join(), {
    SEED_STOCK: '1000000',
    PAYMENT_DELAY_MS: '50-150',
  });
  const addresses = services.map((name) => [
    `${name.toUpperCase()}_SERVICE_ADDR`,
    `127.0.0.1:${portOf(behind.lines, `${name} service`)}`,
  ]);
  const environment = {
    ...(Object.fromEntries(addresses) as Environment),
    POSTGRES_URL: servers.postgres.url,
    REDIS_URL: servers.redis.url,
    KAFKA_BROKERS: servers.kafka.url,
    MONGODB_URI: `${servers.mongodb.url}shop`,
    REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
  };
  const roles = 'gateway,node,relay,consumers';
  const both = await Promise.all(['shop-1', 'shop-2'].map((name) => start(name, roles, environment)));
  return {
    client: new ShopClient(
      both.map(({ client }) => client.url),
      behind.tokens,
    ),
    stores: new ShopStores({
      dataDir: behind.dataDir,
      postgresUrl: servers.postgres.url,
      mongoUri: environment.MONGODB_URI,
    }),
    processes,
  };
}

/** Kills or freezes a server, starts it again or thaws it after its time, and waits until all is as before. */
async function withdraw(
  of: Backing,
  servers: Servers,
  load: OutageLoad,
  { awayMs, freeze, recoverMs }: OutageScenarioOptions,
  signal: AbortSignal,
): Promise<SeenOutage> {
  const server = servers[of];
  const goneAt = performance.now();
  if (freeze) signalAll(server, 'SIGSTOP');
  else await server.kill();
  try {
    await delay(awayMs, undefined, { signal });
  } finally {
    if (freeze) signalAll(server, 'SIGCONT');
  }
  if (!freeze) await server.start();
  const backAt = performance.now();
  const within = async <T>(look: () => Promise<T | undefined> | T | undefined): Promise<T | undefined> => {
    while (!signal.aborted && performance.now() < backAt + recoverMs) {
      const found = await look();
      if (found !== undefined) return found;
      await delay(pollMs);
    }
    return undefined;
  };
  const servedAt = await within(() => load.servedAgainAt(backAt));
  const newest = await newestEvent(servers.postgres.url);
  const caughtUpAt = await within(async () =>
    (await waitingEvents(servers.postgres.url, newest)) === 0 ? performance.now() : undefined,
  );
  const overAt = Math.max(servedAt ?? Infinity, caughtUpAt ?? Infinity);
  return {
    of,
    answers: load.seen.filter(({ atMs, tookMs }) => atMs + tookMs >= goneAt && atMs <= overAt),
    ...(servedAt !== undefined && { servedMs: servedAt - backAt }),
    ...(caughtUpAt !== undefined && { caughtUpMs: caughtUpAt - backAt }),
  };
}

/** To its process and those that it made: PostgreSQL has one for each connection. */
function signalAll({ pid }: PrivateServer, signal: NodeJS.Signals): void {
  if (pid === undefined) throw new Error('a server in a container cannot be frozen');
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? [];
  for (const each of [pid, ...children.map(Number)]) process.kill(each, signal);
}

const newestEvent = (url: string) => numberOf(url, 'SELECT coalesce(max(id), 0) AS n FROM outbox_events');
const waitingEvents = (url: string, newest: number) =>
  numberOf(url, `SELECT count(*) AS n FROM outbox_events WHERE processed_at IS NULL AND id <= ${newest}`);

async function numberOf(url: string, statement: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return Number((await client.query<{ n: string }>(statement)).rows[0]?.n);
  } finally {
    await client.end();
  }
}

type Find = (check: OutageCheck, key: string, expected: string, found: string) => void;

function judge(
  { seen }: OutageLoad,
  outages: readonly SeenOutage[],
  options: OutageScenarioOptions,
  find: Find,
): void {
  const limitMs = options.requestTimeoutMs + 1_000;
  for (const { userId, what, status, code, retryAfter, tookMs } of seen) {
    const about = `${what} of user ${userId}`;
    const understood = isSuccess(status) || status === 504 || (status === 503 && Number(retryAfter) >= 1);
    if (!understood)
      find('understood', about, 'one of these', `${status} ${code} with Retry-After ${retryAfter}`);
    if (tookMs > limitMs) find('late', about, `${limitMs} ms at most`, `${status} after ${tookMs} ms`);
  }
  for (const { answers } of outages.filter(({ of }) => of === 'kafka')) {
    for (const { userId, what, status, code } of answers.filter((answer) => !isSuccess(answer.status)))
      find('sells', `${what} of user ${userId}`, 'success', `${status} ${code}`);
  }
}

/** Each unit that was acknowledged is sold or still in the cart. */
async function holdAgainst(stores: ShopStores, { taken }: OutageLoad, find: Find): Promise<void> {
  const kept = new Map<string, number>();
  const keep = (userId: number, productId: number, quantity: number) => {
    const key = `user ${userId}, product ${productId}`;
    kept.set(key, (kept.get(key) ?? 0) + quantity);
  };
  for (const { userId, status, lines } of await stores.checkouts())
    if (status === 'COMPLETED') for (const line of lines) keep(userId, line.productId, line.quantity);
  for (const { userId, items } of await stores.carts())
    for (const { productId, quantity } of items) keep(userId, productId, quantity);
  for (const [userId, products] of taken) {
    for (const [productId, units] of products) {
      const key = `user ${userId}, product ${productId}`;
      if (kept.get(key) !== units) find('once', key, `${units} units`, String(kept.get(key) ?? 0));
      kept.delete(key);
    }
  }
  for (const [key, units] of kept) if (units > 0) find('once', key, 'nothing', `${units} units`);
}
