import { join } from 'node:path';
import { startChild, type ScenarioChild } from './child-process.ts';
import type { ClusterServers } from './cluster-nodes.ts';
import type { ClusterScenarioOptions } from './cluster-options.ts';
import type {
  ClientHears,
  ClientOptions,
  ClientSays,
  KeyProblem,
  Takeover,
  Tally,
  Watched,
} from './cluster-messages.ts';

interface ClientProcess {
  readonly child: ScenarioChild<ClientSays, ClientHears>;
  readonly ready: Promise<void>;
  readonly done: Promise<readonly KeyProblem[]>;
  tally: Tally;
}

const nothing: Tally = { acknowledged: 0, timeouts: 0, unavailable: 0, repeated: 0, slowestMs: 0 };

/** The client processes of a cluster, heard as one. */
export class ClusterClients {
  readonly #clients: ClientProcess[];
  readonly #takeovers = new Map<number, Takeover[]>();
  readonly #watched = new Map<number, (watched: Watched) => void>();

  constructor(servers: ClusterServers, options: ClusterScenarioOptions, ratePerSecond: number) {
    this.#clients = Array.from({ length: options.clients }, (_, index) =>
      this.#start(servers, { ...options, index, ratePerSecond, redisUrl: servers.redisUrl }),
    );
  }

  /** Lets all clients begin; resolves, when all are done, to what went wrong with which key. */
  async run(): Promise<KeyProblem[]> {
    await Promise.all(this.#clients.map(({ ready }) => ready));
    this.#sayAll({ kind: 'begin' });
    return (await Promise.all(this.#clients.map(({ done }) => done))).flat();
  }

  get tally(): Tally {
    return this.#clients.reduce(
      (sum, { tally }) => ({
        acknowledged: sum.acknowledged + tally.acknowledged,
        timeouts: sum.timeouts + tally.timeouts,
        unavailable: sum.unavailable + tally.unavailable,
        repeated: sum.repeated + tally.repeated,
        slowestMs: Math.max(sum.slowestMs, tally.slowestMs),
      }),
      nothing,
    );
  }

  /** Lets all clients go on with this part of their rate. */
  pace(share: number): void {
    this.#sayAll({ kind: 'pace', share });
  }

  lost(fault: number, node: string): void {
    this.#sayAll({ kind: 'lost', fault, node, at: Date.now() });
  }

  /** The first answer that any client got, and the last one that a client waited for. */
  takeoverOf(fault: number): Takeover | undefined {
    const all = this.#takeovers.get(fault);
    if (all === undefined) return undefined;
    const lastMs = Math.max(...all.map(({ allMs = 0 }) => allMs));
    return {
      firstMs: Math.min(...all.map(({ firstMs }) => firstMs)),
      ...(lastMs > 0 ? { allMs: lastMs } : {}),
    };
  }

  open(fault: number): void {
    this.#sayAll({ kind: 'open', fault });
  }

  /** What the clients saw since `open`; clients that are done meanwhile say nothing. */
  async close(fault: number, signal: AbortSignal): Promise<Watched> {
    const heard: Watched[] = [];
    await new Promise<void>((resolve) => {
      const settle = () => resolve();
      signal.addEventListener('abort', settle, { once: true });
      this.#watched.set(fault, (watched) => {
        heard.push(watched);
        if (heard.length === this.#clients.length) settle();
      });
      this.#sayAll({ kind: 'close', fault });
    });
    return {
      slowestMs: Math.max(0, ...heard.map(({ slowestMs }) => slowestMs)),
      failed: heard.reduce((sum, { failed }) => sum + failed, 0),
    };
  }

  async stop(deadlineMs: number): Promise<void> {
    await Promise.all(this.#clients.map(({ child }) => child.stop(deadlineMs)));
  }

  #start(servers: ClusterServers, options: ClientOptions): ClientProcess {
    const label = `client-${options.index + 1}`;
    const child = startChild<ClientSays, ClientHears>({
      label,
      file: './cluster-client.ts',
      options,
      logFile: join(servers.folder, `${label}.log`),
      searchPath: servers.searchPath,
    });
    let ready: () => void = () => undefined;
    let done: (problems: readonly KeyProblem[]) => void = () => undefined;
    const client: ClientProcess = {
      child,
      ready: new Promise<void>((resolve) => (ready = resolve)),
      done: new Promise<readonly KeyProblem[]>((resolve) => (done = resolve)),
      tally: nothing,
    };
    child.onMessage((message) => {
      if (message.kind === 'ready') ready();
      if (message.kind === 'progress' || message.kind === 'done') client.tally = message.tally;
      if (message.kind === 'done') done(message.problems);
      if (message.kind === 'watched') this.#watched.get(message.fault)?.(message.watched);
      if (message.kind === 'took-over') {
        this.#takeovers.set(message.fault, [...(this.#takeovers.get(message.fault) ?? []), message.takeover]);
      }
    });
    void child.ended.then(() => {
      ready();
      const lines = child.lastLines();
      // After `done` nobody listens any more.
      done([{ check: 'stuck', key: label, acknowledged: 0, expected: 'a client that ends', found: lines }]);
    });
    return client;
  }

  #sayAll(message: ClientHears): void {
    for (const { child } of this.#clients) child.say(message);
  }
}
