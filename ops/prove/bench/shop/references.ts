import { execFile } from 'node:child_process';
import { closeSync, existsSync, fdatasyncSync, openSync, readdirSync, writeSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { readEnvironment } from '../../../shop/environment.ts';
import { startRedis } from '../../../shop/servers/embedded-redis.ts';
import type { EmbeddedServer } from '../../../shop/servers/embedded-server.ts';

/* What this machine's stores and its disk do at best, measured by the tools that come with them. */

const run = promisify(execFile);
const clients = 32;
/** Some hundred thousand rows; what one transaction writes then rarely waits for another one. */
const pgbenchScale = 10;
const debianPostgres = '/usr/lib/postgresql';

/** Where a program is, undefined: nowhere on the search path, nor where Debian keeps PostgreSQL's. */
function findTool(name: string): string | undefined {
  const versions = existsSync(debianPostgres) ? readdirSync(debianPostgres) : [];
  const folders = [
    ...(readEnvironment()['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(debianPostgres, version, 'bin')),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** pgbench in a database of its own on the shop's PostgreSQL. */
export class Pgbench {
  readonly #program: string;
  readonly #args: string[];
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(program: string, url: URL) {
    this.#program = program;
    this.#args = ['-h', url.hostname, '-p', url.port, '-U', url.username, url.pathname.slice(1)];
    // Not on the command line, which everybody may read.
    this.#environment = { ...readEnvironment(), PGPASSWORD: decodeURIComponent(url.password) };
  }

  /** Undefined: this machine has no pgbench. */
  static async open(url: URL): Promise<Pgbench | undefined> {
    const program = findTool('pgbench');
    if (program === undefined) return undefined;
    const pgbench = new Pgbench(program, url);
    await pgbench.#run(['-i', '-q', '-s', String(pgbenchScale)]);
    return pgbench;
  }

  /** Transactions a second of `pgbench -N`, each client doing so many: an UPDATE, a SELECT and an INSERT, durable. */
  async perSecond(transactions: number): Promise<number> {
    const threads = 2;
    const output = await this.#run([
      ...['-N', '-n', '-M', 'prepared', '-c', String(clients), '-j', String(threads)],
      ...['-t', String(transactions)],
    ]);
    return numberIn(/^tps = ([\d.]+)/m, output);
  }

  async #run(args: readonly string[]): Promise<string> {
    return (await run(this.#program, [...args, ...this.#args], { env: this.#environment })).stdout;
  }
}

/** redis-benchmark on a Redis like the shop's, but without its password, which it takes from the command line alone. */
export class RedisBenchmark {
  readonly #program: string;
  readonly #server: EmbeddedServer;

  private constructor(program: string, server: EmbeddedServer) {
    this.#program = program;
    this.#server = server;
  }

  /** Undefined: this machine has no redis-benchmark. */
  static async open(dataDir: string): Promise<RedisBenchmark | undefined> {
    const program = findTool('redis-benchmark');
    if (program === undefined) return undefined;
    const searchPath = readEnvironment()['PATH'] ?? '';
    return new RedisBenchmark(program, await startRedis({ dataDir, searchPath, open: true }));
  }

  async setsPerSecond(requests: number): Promise<number> {
    const server = ['-h', '127.0.0.1', '-p', String(this.#server.port)];
    const load = ['-t', 'set', '-c', String(clients), '-n', String(requests), '-q'];
    const { stdout } = await run(this.#program, [...server, ...load]);
    return numberIn(/SET: ([\d.]+) requests per second/, stdout);
  }

  close(): Promise<void> {
    return this.#server.stop();
  }
}

const block = Buffer.alloc(8_192, 1);

/** Writes of 8 KB in a second, one after the other, each on the disk before the next one. */
export function durableWritesPerSecond(folder: string, durationMs: number): number {
  const file = openSync(join(folder, 'bench-durable-writes'), 'w');
  try {
    const startedAt = performance.now();
    let writes = 0;
    for (; performance.now() < startedAt + durationMs; writes++) {
      // Over and over in the same 8 MB, as the log of a database does.
      writeSync(file, block, 0, block.length, (writes % 1_024) * block.length);
      fdatasyncSync(file);
    }
    return (writes * 1000) / (performance.now() - startedAt);
  } finally {
    closeSync(file);
  }
}

function numberIn(pattern: RegExp, text: string): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`no figure like ${String(pattern)} in: ${text}`);
  return Number(found);
}
