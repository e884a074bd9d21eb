import type { LinkPort } from '@trolley/runtime';
import type { Worker } from 'node:cluster';
import { type HealthChecks, reasonOf } from '@trolley/runtime/observe';
import type { Snapshot } from '../metrics/metrics.ts';
import { LineSplitter } from './line-splitter.ts';
import type { GatewayOrder, ToPrimary, ToWorker } from './messages.ts';

/** What of a `Worker` of `node:cluster` is used. */
export interface GatewayProcess {
  readonly process: Pick<Worker['process'], 'pid' | 'stdout' | 'kill'>;
  on(event: 'message', listener: (message: ToPrimary) => void): unknown;
  on(event: 'exit', listener: (code: number | null, signal: string | null) => void): unknown;
  send(message: ToWorker, done: () => void): unknown;
}

/** What a gateway process may ask. */
export interface AskedOfPrimary {
  /** By name. */
  readonly checks: HealthChecks;
  /** The figures of the whole shop. */
  readonly metrics: () => Promise<string>;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
}

/** One gateway process, from its start to its end. */
export class GatewayRun {
  /** Resolves once it waits for its order. */
  readonly loaded: Promise<void>;
  /** Resolves once it listens; stays open when it never does. */
  readonly listening: Promise<Listening>;
  /** Resolves to how it ended, such as `SIGKILL` or `exit code 1`. */
  readonly ended: Promise<string>;
  /** Of its place, which another one takes when it has ended. */
  readonly name: string;
  readonly #process: GatewayProcess;
  #around: AskedOfPrimary = { checks: {}, metrics: () => Promise.resolve('') };
  #onMeasured: (snapshot: Snapshot) => void = () => undefined;
  #onFrame: (frame: unknown) => void = () => undefined;
  /** To its cluster client. */
  readonly link: LinkPort = {
    post: (frame) => this.#send({ frame }),
    onFrame: (listener) => (this.#onFrame = listener),
  };
  #hasListened = false;
  #hasEnded = false;
  #problem: string | undefined;

  /** @param output - takes whole lines of its log */
  constructor(name: string, process: GatewayProcess, output: { write(lines: string): unknown }) {
    this.name = name;
    this.#process = process;
    const lines = new LineSplitter((text) => output.write(text));
    process.process.stdout?.on('data', (chunk: Buffer) => lines.push(chunk)).on('end', () => lines.end());
    let load = () => {};
    let listen: (listening: Listening) => void = () => undefined;
    this.loaded = new Promise((resolve) => (load = resolve));
    this.listening = new Promise((resolve) => (listen = resolve));
    this.ended = new Promise((resolve) => {
      process.on('exit', (code, signal) => {
        this.#hasEnded = true;
        resolve(signal ?? `exit code ${code ?? 'unknown'}`);
      });
    });
    process.on('message', (message) => {
      if ('frame' in message) this.#onFrame(message.frame);
      else if ('loaded' in message) load();
      else if ('problem' in message) this.#problem = message.problem;
      else if ('check' in message) void this.#look(message.check);
      else if ('measured' in message) this.#onMeasured(message.measured);
      else if ('scrape' in message) void this.#scrape();
      else {
        this.#hasListened = true;
        listen(message.ready);
      }
    });
  }

  get pid(): number {
    return this.#process.process.pid ?? 0;
  }

  get hasListened(): boolean {
    return this.#hasListened;
  }

  get isListening(): boolean {
    return this.#hasListened && !this.#hasEnded;
  }

  /** Why it could not start, as it said. */
  get problem(): string | undefined {
    return this.#problem;
  }

  start(order: GatewayOrder, around: AskedOfPrimary): void {
    this.#around = around;
    this.#send({ start: order });
  }

  /** Its figures; stays open when it does not answer. One such question at a time. */
  measure(): Promise<Snapshot> {
    return new Promise((resolve) => {
      this.#onMeasured = resolve;
      this.#send({ measure: true });
    });
  }

  /** Lets it finish what it has begun. */
  stop(): void {
    this.#send({ stop: true });
  }

  kill(): void {
    if (!this.#hasEnded) this.#process.process.kill('SIGKILL');
  }

  async #look(name: string): Promise<void> {
    try {
      await this.#around.checks[name]?.();
      this.#send({ checked: name });
    } catch (error) {
      this.#send({ checked: name, reason: reasonOf(error) });
    }
  }

  /** What can't be told is not: who asks has a limit for that, and something of its own to tell. */
  async #scrape(): Promise<void> {
    const metrics = await this.#around.metrics().catch(() => undefined);
    if (metrics !== undefined) this.#send({ metrics });
  }

  /** To one that has ended nothing is sent; its end says so. */
  #send(message: ToWorker): void {
    if (!this.#hasEnded) this.#process.send(message, () => undefined);
  }
}
