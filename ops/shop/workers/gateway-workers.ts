import { type BackOff, backOffMs, type Clock, type LinkPort, type Logger, pause } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import type { HealthChecks } from '@trolley/runtime/observe';
import type { Environment } from '../config/parse-config.ts';
import type { Snapshot } from '../metrics/metrics.ts';
import { StartProblem } from '../process/start-problem.ts';
import { GatewayRun, type GatewayProcess, type Listening } from './gateway-run.ts';

export interface GatewayWorkersOptions {
  readonly count: number;
  /** Starts a process. */
  readonly fork: () => GatewayProcess;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** Takes whole lines of their logs. */
  readonly output: { write(lines: string): unknown };
}

/** The shop that the gateways belong to. */
export interface ShopAround {
  /** Variables that say where its parts are. */
  readonly environment: Environment;
  /** What this process depends on: the gateways are not ready without it, either. */
  readonly checks: HealthChecks;
  /** The figures of the whole shop. */
  readonly metrics: () => Promise<string>;
  /**
   * Lets a gateway ask the actors by way of this process, until the function that it returns is called. Undefined: this
   * process hosts none.
   */
  readonly link: ((port: LinkPort) => () => void) | undefined;
  /** As configured; 0: any. */
  readonly port: number;
  /** Hears why no process takes the place of one that has ended: there is half a shop now, which has to end. */
  readonly fail: (problem: StartProblem) => void;
}

const restart: BackOff = { firstMs: 250, maxMs: 10_000 };
/** One that ran so long has not failed at its start. */
const goodWhileMs = 30_000;
/** Longer than a process waits for its own sources. */
const measureLimitMs = 1_000;
/** So many starts in a row that fail, and it is given up. */
const maxFailedStarts = 5;

/**
 * Gateways in processes of their own, all on one port. They are started, watched, started again and ended as one with this
 * process, and end by themselves when it is killed.
 */
export class GatewayWorkers {
  readonly #options: GatewayWorkersOptions;
  readonly #runs = new Set<GatewayRun>();
  readonly #stopping = new AbortController();
  readonly #around: Promise<ShopAround>;
  #setAround: (around: ShopAround) => void = () => undefined;
  #onListening: (listening: Listening) => void = () => undefined;
  /** What they were told to listen on: 0 as long as one of them has what 0 became. */
  #wantedPort = 0;
  /** Undefined: none has listened yet. */
  #port: number | undefined;

  /** Starts the processes at once: they read their program, and wait for `start`. */
  constructor(options: GatewayWorkersOptions) {
    this.#options = options;
    this.#around = new Promise((resolve) => (this.#setAround = resolve));
    for (let index = 0; index < options.count; index++) void this.#keepOne(`gateway-${index + 1}`);
  }

  get count(): number {
    return this.#options.count;
  }

  /** Whether as many listen as should. */
  get isWhole(): boolean {
    return this.#listening().length === this.count;
  }

  /**
   * Lets them listen, and waits until all of them do.
   *
   * @throws StartProblem what the first that can't start has said
   */
  start({ fail, ...around }: ShopAround): Promise<Listening> {
    this.#wantedPort = around.port;
    return new Promise((resolve, reject) => {
      let isStarted = false;
      this.#onListening = (listening) => {
        this.#port = listening.port;
        if (!this.isWhole) return;
        isStarted = true;
        resolve(listening);
      };
      this.#setAround({ ...around, fail: (problem) => (isStarted ? fail(problem) : reject(problem)) });
    });
  }

  /** Lets each finish what it has begun, and ends it at once when the signal aborts. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping.abort();
    signal.addEventListener('abort', () => this.kill());
    const runs = [...this.#runs];
    for (const run of runs) run.stop();
    await Promise.all(runs.map(({ ended }) => ended));
  }

  kill(): void {
    this.#stopping.abort();
    for (const run of this.#runs) run.kill();
  }

  /** The figures of those that listen and answer in time; `onSilent` hears of each other one. */
  async snapshots(onSilent: (name: string) => void): Promise<readonly Snapshot[]> {
    const { clock } = this.#options;
    const measured = this.#listening().map(async (run) => {
      try {
        return [await withTimeLimit(clock, measureLimitMs, run.name, run.measure())];
      } catch {
        onSilent(run.name);
        return [];
      }
    });
    return (await Promise.all(measured)).flat();
  }

  /** Fills one place until the stop. */
  async #keepOne(name: string): Promise<void> {
    const { clock, random, logger } = this.#options;
    for (let failures = 0; !this.#hasStopped();) {
      const startedAt = clock.monotonic();
      const { run, around, how } = await this.#runOne(name);
      failures = clock.monotonic() - startedAt > goodWhileMs ? 1 : failures + 1;
      if (this.#hasStopped()) return;
      if (!run.hasListened && (this.#port === undefined || failures === maxFailedStarts)) {
        around.fail(new StartProblem(run.problem ?? `A gateway process could not start: ${how}.`));
        return;
      }
      const delayMs = Math.round(backOffMs(restart, failures - 1, random));
      logger.warn(
        { gatewayPid: run.pid, how, reason: run.problem, delayMs },
        'a gateway process has ended: another one takes its place',
      );
      await pause(clock, delayMs, this.#stopping.signal);
    }
  }

  async #runOne(name: string) {
    const { fork, output } = this.#options;
    const run = new GatewayRun(name, fork(), output);
    this.#runs.add(run);
    const around = await this.#around;
    await Promise.race([run.loaded, run.ended]);
    if (this.#listening().length === 0) this.#wantedPort = this.#port ?? this.#wantedPort;
    const dependencies = Object.entries(around.checks).map(([name, { at }]) => ({
      name,
      ...(at === undefined ? {} : { at }),
    }));
    const environment = { ...around.environment, HTTP_PORT: String(this.#wantedPort) };
    const unlink = around.link?.(run.link);
    run.start({ name, environment, dependencies, isLinked: unlink !== undefined }, around);
    void run.listening.then((listening) => this.#onListening(listening));
    const how = await run.ended;
    unlink?.();
    this.#runs.delete(run);
    return { run, around, how };
  }

  #hasStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #listening(): GatewayRun[] {
    return [...this.#runs].filter(({ isListening }) => isListening);
  }
}
