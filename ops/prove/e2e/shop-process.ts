import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { developmentSecret } from '../../shop/config/config.ts';
import { compile } from '../../shop/process/compile.mjs';
import type { Command } from '../../shop/process/death-signal.ts';
import { endingWithParent } from '../../shop/process/death-signal.ts';
import { superuser } from '../../shop/servers/postgres-cluster.ts';
import { readRedisPassword, redisUrl } from '../../shop/servers/redis-password.ts';
import { releaseShopKafka } from '../testing/shop-kafkas.ts';
import { RecentText } from './recent-text.ts';
import { ShopClient } from './shop-client.ts';
import { backendsOf, kafkaFor } from './shop-backends.ts';
import { calm, portOf, type Environment } from './shop-environment.ts';
import { ShopStores } from './shop-stores.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const tokens = { secret: developmentSecret, issuer: 'ecommerce-platform' };

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What a person is told: standard error, by lines. */
  readonly lines: readonly string[];
  /** Standard output. */
  readonly output: string;
}

/** Elsewhere than here, so that somebody's own `.env` changes nothing. */
async function nodeCommand(args: readonly string[] = [], tree = root): Promise<Command> {
  await compile(tree);
  const main = join(tree, 'dist/ops/shop/main.js');
  return { program: process.execPath, args: ['--enable-source-maps', main, ...args], cwd: tmpdir() };
}

/** `npm start` as a process of its own. */
export class ShopProcess {
  readonly dataDir: string;
  /** What its tokens are signed with. */
  readonly tokens = tokens;
  readonly ended: Promise<Ended>;
  /** What it was started with. */
  readonly environment: Environment;
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  #told = '';
  readonly #output = new RecentText();

  private constructor(environment: Environment, command: Command, output?: number) {
    this.dataDir = environment['DATA_DIR'] ?? '';
    this.environment = { ...calm, ...backendsOf(this.dataDir), ...environment };
    const { program, args, cwd } = endingWithParent(command, 'KILL');
    const child = spawn(program, args, {
      cwd,
      env: this.environment,
      stdio: ['ignore', output ?? 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#output.add(text));
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) =>
        resolve({ code, signal, lines: this.lines, output: String(this.#output) }),
      );
    });
    this.#ready = new Promise((resolve, reject) => {
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#told += text;
        if (this.#told.includes('Trolley is ready')) resolve();
      });
      child.once('close', () =>
        reject(new Error(`the shop has ended:\n${this.#told}\n${String(this.#output)}`)),
      );
    });
    // Who does not wait for it learns of it by `ended`.
    this.#ready.catch(() => undefined);
    void this.ended.then(() => releaseShopKafka(this.dataDir));
  }

  /** Starts the shop, with its standard output to a file where one is given, and waits until it is ready. */
  static async start(environment: Environment, outputFile?: string): Promise<ShopProcess> {
    mkdirSync(environment['DATA_DIR'] ?? '', { recursive: true });
    const output = outputFile === undefined ? undefined : openSync(outputFile, 'a');
    const command = await nodeCommand();
    const shop = new ShopProcess({ ...(await kafkaFor(environment)), ...environment }, command, output);
    if (output !== undefined) closeSync(output);
    await shop.#ready;
    return shop;
  }

  /** Starts the shop under options of Node, and waits until it is ready. */
  static async startUnder(nodeOptions: readonly string[], environment: Environment): Promise<ShopProcess> {
    const command = await nodeCommand();
    return ShopProcess.#startBy({ ...command, args: [...nodeOptions, ...command.args] }, environment);
  }

  /** Starts the shop that a copy of this repository is, changed as somebody wished, and waits until it is ready. */
  static async startCopy(tree: string, environment: Environment): Promise<ShopProcess> {
    return ShopProcess.#startBy(await nodeCommand([], tree), environment);
  }

  static async #startBy(command: Command, environment: Environment): Promise<ShopProcess> {
    const shop = new ShopProcess({ ...(await kafkaFor(environment)), ...environment }, command);
    await shop.#ready;
    return shop;
  }

  /** Starts it by the real `npm start`: signals and `kill` then go to npm alone. */
  static async startByNpm(environment: Environment): Promise<ShopProcess> {
    mkdirSync(environment['DATA_DIR'] ?? '', { recursive: true });
    // npm starts it where somebody's own `.env` may name other stores; what is blank there, is not set.
    const own = { REDIS_URL: '', POSTGRES_URL: '', npm_config_update_notifier: 'false' };
    return ShopProcess.#startBy({ program: 'npm', args: ['start'], cwd: root }, { ...own, ...environment });
  }

  /** Runs it until it ends by itself. */
  static async run(environment: Environment, ...args: string[]): Promise<Ended> {
    const command = await nodeCommand(args);
    return new ShopProcess({ ...(await kafkaFor(environment)), ...environment }, command).ended;
  }

  /** Of what was started; when that is npm, the shop is another process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The shop's own, as it says in DATA_DIR. */
  get shopPid(): number {
    return (JSON.parse(readFileSync(join(this.dataDir, 'trolley.lock'), 'utf8')) as { pid: number }).pid;
  }

  get lines(): readonly string[] {
    return this.#told.trimEnd().split('\n');
  }

  /** What was logged so far, or the last 64 Mi characters of it, a JSON line each. */
  get log(): readonly string[] {
    return this.#output.lines;
  }

  get client(): ShopClient {
    return new ShopClient(`http://127.0.0.1:${portOf(this.lines, 'gateway')}`, this.tokens);
  }

  /** The Redis that it started itself. */
  get redisUrl(): string {
    const password = readRedisPassword(join(this.dataDir, 'redis'));
    return redisUrl('127.0.0.1', portOf(this.lines, 'Redis [^ ]+'), password);
  }

  /** The PostgreSQL that it started itself. */
  get postgresUrl(): string {
    const password = readFileSync(join(this.dataDir, 'postgres', 'password'), 'utf8').trim();
    const port = portOf(this.lines, 'PostgreSQL [^ ]+');
    return `postgres://${superuser}:${password}@127.0.0.1:${port}/trolley`;
  }

  get stores(): ShopStores {
    const { dataDir, postgresUrl } = this;
    return new ShopStores({ dataDir, postgresUrl, mongoUri: this.environment['MONGODB_URI'] });
  }

  /** The processes of the stores that it started itself. */
  get servers(): number[] {
    const files = ['redis/redis.pid', 'postgres/data/postmaster.pid'];
    return files.map((file) => Number.parseInt(readFileSync(join(this.dataDir, file), 'utf8'), 10));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Whoever reads what it says is there, but does not. */
  pauseListening(): void {
    this.#child.stdout?.pause();
    this.#child.stderr?.pause();
  }

  /** Whoever reads what it says is gone. */
  stopListening(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** As `kill -9`. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
}
