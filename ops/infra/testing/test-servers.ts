import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMongo } from '../embedded-mongo.ts';
import { startPostgres } from '../embedded-postgres.ts';
import { startRedis } from '../embedded-redis.ts';
import type { EmbeddedServer } from '../embedded-server.ts';

/** Where the tests find the programs of servers. */
export const searchPath = process.env['PATH'] ?? '';

export interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The given Redis, else one of our own that ends with the tests. */
export function provideRedis(given: string | undefined): Promise<TestServer> {
  return provide(given, 'redis', (dataDir) => startRedis({ dataDir, searchPath, durable: false }));
}

/** The given PostgreSQL, else one of our own that ends with the tests. */
export function providePostgres(given: string | undefined): Promise<TestServer> {
  return provide(given, 'postgres', (dataDir) => startPostgres({ dataDir, durable: false }));
}

/** The given MongoDB, else one of our own that ends with the tests. */
export function provideMongo(given: string | undefined): Promise<TestServer> {
  return provide(given, 'mongo', (dataDir) => startMongo({ dataDir, searchPath, say }));
}

/** A Redis for one suite alone, which it may flush, freeze or kill. */
export async function startPrivateRedis(): Promise<EmbeddedServer> {
  const dataDir = temporaryFolder('private-redis');
  const server = await startRedis({ dataDir, searchPath });
  const stop = async (deadlineMs?: number) => {
    await server.stop(deadlineMs);
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...server, stop };
}

/** A MongoDB for one suite alone, which keeps its port and its data over a restart. */
export interface PrivateMongo {
  readonly url: string;
  /** As `kill -9`; resolves when it has ended. */
  kill(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** `args`: more of mongod's own arguments. */
export async function startPrivateMongo(args: readonly string[] = []): Promise<PrivateMongo> {
  const dataDir = temporaryFolder('private-mongo');
  let server = await startMongo({ dataDir, searchPath, say, args });
  const { port, url } = server;
  return {
    url,
    async kill() {
      server.kill();
      await server.exited;
    },
    async start() {
      server = await startMongo({ dataDir, searchPath, say, args, port });
    },
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function provide(
  given: string | undefined,
  name: string,
  start: (dataDir: string) => Promise<EmbeddedServer>,
): Promise<TestServer> {
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  const dataDir = temporaryFolder(name);
  const server = await start(dataDir);
  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** What a run does before its tests: standard output belongs to the report. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `trolley-test-${name}-`));
}
