import { startKafka, type KafkaOptions } from '../servers/embedded-kafka.ts';
import { startMongo } from '../servers/embedded-mongo.ts';
import { startPostgres } from '../../shop/servers/embedded-postgres.ts';
import { startRedis } from '../../shop/servers/embedded-redis.ts';
import {
  startRedisCluster,
  type RedisCluster,
  type RedisClusterOptions,
} from '../servers/embedded-redis-cluster.ts';
import { startWatchedRedis, type SentinelOptions, type WatchedRedis } from '../servers/embedded-sentinels.ts';
import type { EmbeddedServer } from '../../shop/servers/embedded-server.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { recipes, startInContainer } from './container-servers.ts';
import type { TestServer } from './test-server.ts';

/** Where the tests find the programs of servers. */
export const searchPath = process.env['PATH'] ?? '';

/** The given Redis, else one of our own that ends with the tests: a container where an engine runs it, else a process. */
export function provideRedis(given: string | undefined): Promise<TestServer> {
  return provide(given, 'redis', (dataDir) =>
    startRedis({ dataDir, searchPath, durable: false, open: true }),
  );
}

/** The given Redis Cluster, else one of our own that ends with the tests. */
export function provideRedisCluster(given: string | undefined): Promise<TestServer> {
  // Nobody fails over here, so a node that a busy machine held up is not to be taken for gone.
  return provide(given, 'redis-cluster', (dataDir) =>
    startRedisCluster({ dataDir, searchPath, nodeTimeoutMs: 30_000 }),
  );
}

/** The given PostgreSQL, else one of our own that ends with the tests. */
export function providePostgres(given: string | undefined): Promise<TestServer> {
  return provide(given, 'postgres', (dataDir) =>
    startPostgres({ dataDir, durable: false, connections: 200 }),
  );
}

/** The given MongoDB, else one of our own that ends with the tests. */
export function provideMongo(given: string | undefined): Promise<TestServer> {
  return provide(given, 'mongo', (dataDir) => startMongo({ dataDir, searchPath, say }));
}

/** The given Kafka, else one of our own that ends with the tests. */
export function provideKafka(given: string | undefined): Promise<TestServer> {
  return provide(given, 'kafka', (dataDir) => startKafka({ dataDir, searchPath, say }));
}

type Settings<O> = Omit<O, 'dataDir' | 'searchPath'>;

/** A Redis Cluster for one suite alone, which it may flush, freeze or kill. */
export function startPrivateRedisCluster(settings: Settings<RedisClusterOptions>): Promise<RedisCluster> {
  return inFolder('private-redis-cluster', (dataDir) =>
    startRedisCluster({ ...settings, dataDir, searchPath }),
  );
}

/** A Redis with a replica and Sentinels for one suite alone, which it may freeze or kill. */
export function startPrivateWatchedRedis(settings: Settings<SentinelOptions>): Promise<WatchedRedis> {
  return inFolder('private-sentinels', (dataDir) => startWatchedRedis({ ...settings, dataDir, searchPath }));
}

/** Starts servers in a folder that goes with them. */
async function inFolder<S extends { stop(deadlineMs?: number): Promise<void> }>(
  name: string,
  start: (dataDir: string) => Promise<S>,
): Promise<S> {
  const dataDir = temporaryFolder(`test-${name}`);
  const started = await start(dataDir);
  const stop = async (deadlineMs?: number) => {
    await started.stop(deadlineMs);
    removeTemporaryFolder(dataDir);
  };
  return { ...started, stop };
}

/** A server for one suite alone, which keeps its port and its data over a restart. */
export interface PrivateServer {
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  /** As `kill -9`; resolves when it has ended. */
  kill(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function startPrivateRedis(): Promise<PrivateServer> {
  return startPrivate('redis', (place) => startRedis({ ...place, searchPath, open: true }));
}

export function startPrivatePostgres(): Promise<PrivateServer> {
  return startPrivate('postgres', (place) => startPostgres(place));
}

/** `args`: more of mongod's own arguments. */
export function startPrivateMongo(args: readonly string[] = []): Promise<PrivateServer> {
  return startPrivate('mongo', (place) => startMongo({ ...place, searchPath, say, args }));
}

export function startPrivateKafka(
  options: Pick<KafkaOptions, 'settings' | 'users'> = {},
): Promise<PrivateServer> {
  return startPrivate('kafka', (place) => startKafka({ ...place, searchPath, say, ...options }));
}

async function startPrivate(
  name: string,
  start: (place: { readonly dataDir: string; readonly port?: number }) => Promise<EmbeddedServer>,
): Promise<PrivateServer> {
  const dataDir = temporaryFolder(`test-private-${name}`);
  let server = await start({ dataDir });
  const { port, url } = server;
  return {
    url,
    get pid() {
      return server.pid;
    },
    async kill() {
      server.kill();
      await server.exited;
    },
    async start() {
      server = await start({ dataDir, port });
    },
    async stop() {
      await server.stop();
      removeTemporaryFolder(dataDir);
    },
  };
}

async function provide(
  given: string | undefined,
  name: string,
  start: (dataDir: string) => Promise<TestServer>,
): Promise<TestServer> {
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  const contained = isContained(name) ? await startInContainer(name, say) : undefined;
  if (contained !== undefined) return contained;
  const dataDir = temporaryFolder(`test-${name}`);
  const server = await start(dataDir);
  return {
    url: server.url,
    async stop() {
      await server.stop();
      removeTemporaryFolder(dataDir);
    },
  };
}

const isContained = (name: string): name is keyof typeof recipes => Object.hasOwn(recipes, name);

/** What a run does before its tests: standard output belongs to the report. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
