import { setTimeout as delay } from 'node:timers/promises';
import { HttpConnection } from './http-connection.ts';
import { Latencies, type Latency } from './latencies.ts';

/** What a load came to. */
export interface LoadResult {
  /** Operations that were answered well; one that was not ends the load with an error. */
  readonly operations: number;
  readonly tookMs: number;
  /** Of each operation, and of its steps by name where it has some. */
  readonly latencies: Readonly<Record<string, Latency>>;
  /** Processor time of this process, the load alone. */
  readonly processorMicros: number;
}

/** Does one operation over a connection of its client and checks what is answered; `step` tells how long a part took. */
export type Operation = (
  connection: HttpConnection,
  client: number,
  step: (name: string, tookMs: number) => void,
) => Promise<void>;

/** Milliseconds. */
export interface Time {
  now(): number;
  wait(ms: number): Promise<unknown>;
}

const machineTime: Time = { now: () => performance.now(), wait: (ms) => delay(ms) };

export interface ClosedLoop {
  readonly url: string;
  readonly clients: number;
  readonly durationMs: number;
  /** It ends once so many have been done. Default: only with its time. */
  readonly operations?: number;
}

/** The name of what a whole operation takes. */
export const whole = 'operation';
/** The name of how late the generator itself came to what was to begin, where a connection was free for it. */
export const late = 'generator late';

/** Each client acts, waits for the answer, and acts again. */
export async function closedLoop(
  { url, clients, durationMs, operations = Infinity }: ClosedLoop,
  operation: Operation,
): Promise<LoadResult> {
  const connections = await openAll(url, clients);
  const tally = new Tally();
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  let begun = 0;
  const act = async (connection: HttpConnection, client: number) => {
    for (let before = performance.now(); before < until && begun++ < operations;) {
      await operation(connection, client, tally.step);
      const then = before;
      before = performance.now();
      tally.done(before - then);
    }
  };
  try {
    await Promise.all(connections.map(act));
    return tally.result(performance.now() - startedAt);
  } finally {
    connections.forEach((connection) => connection.close());
  }
}

export interface OpenLoop extends Omit<ClosedLoop, 'clients' | 'operations'> {
  readonly perSecond: number;
  /** What comes while all of them wait for an answer, waits itself. */
  readonly connections: number;
}

/**
 * Operations begin at a fixed rate, whether the ones before have been answered or not, and each one's latency counts
 * from the moment when it was to begin: a shop that stands still for a while can't slow down who measures it (no
 * coordinated omission).
 */
export async function openLoop(
  { url, perSecond, durationMs, connections: count }: OpenLoop,
  operation: Operation,
  time: Time = machineTime,
): Promise<LoadResult> {
  const connections = await openAll(url, count);
  const tally = new Tally();
  const total = Math.floor((perSecond * durationMs) / 1000);
  const startedAt = time.now();
  let begun = 0;
  const act = async (connection: HttpConnection, client: number) => {
    while (begun < total) {
      const intended = startedAt + (begun++ * 1000) / perSecond;
      const early = intended - time.now();
      if (early > 0) {
        await time.wait(early);
        tally.step(late, time.now() - intended);
      }
      await operation(connection, client, tally.step);
      tally.done(time.now() - intended);
    }
  };
  try {
    await Promise.all(connections.map(act));
    return tally.result(time.now() - startedAt);
  } finally {
    connections.forEach((connection) => connection.close());
  }
}

/** Opens so many connections; none stays open where one could not be had. */
async function openAll(url: string, count: number): Promise<HttpConnection[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, () => HttpConnection.open(url)));
  const refused = opened.find((each) => each.status === 'rejected');
  const connections = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (refused === undefined) return connections;
  connections.forEach((connection) => connection.close());
  throw refused.reason as Error;
}

class Tally {
  #operations = 0;
  readonly #latencies = new Map<string, Latencies>();
  readonly #used = process.cpuUsage();

  readonly step = (name: string, tookMs: number): void => {
    let latencies = this.#latencies.get(name);
    if (latencies === undefined) this.#latencies.set(name, (latencies = new Latencies()));
    latencies.add(tookMs);
  };

  done(tookMs: number): void {
    this.#operations++;
    this.step(whole, tookMs);
  }

  result(tookMs: number): LoadResult {
    const latencies = [...this.#latencies].map(([name, each]) => [name, each.summary()] as const);
    const { user, system } = process.cpuUsage(this.#used);
    return {
      operations: this.#operations,
      tookMs,
      latencies: Object.fromEntries(latencies),
      processorMicros: user + system,
    };
  }
}
