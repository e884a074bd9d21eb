import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `trolley-test-${name}-`));
}
