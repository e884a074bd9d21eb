import type { Clock } from '../define/clock.ts';
import { untilSettled } from './fake-clock.ts';

/** What lies between a process and the servers; `timer` is a timer that fell due while its process was frozen. */
export type Port = 'mailbox' | 'registry' | 'replies' | 'store' | 'doorbell' | 'inbox' | 'timer';

/** One thing on its way between a process and a server. */
export interface Transit {
  readonly process: string;
  readonly port: Port;
  /** The port's method, `ring` of a doorbell, `answer` of an inbox. */
  readonly operation: string;
  /** What it is about: an actor's id or key, a shard. */
  readonly about: string;
  /** To the server, or back from it; a call that is lost on its way back did happen. */
  readonly leg: 'request' | 'reply';
}

/** `lose`: it never arrives, and its caller hears that the connection was lost. `double`: hints and answers come twice. */
export type Fate = 'deliver' | 'lose' | 'double';

/** Whether a process can be reached. */
export interface Endpoint {
  readonly name: string;
  readonly state: 'running' | 'frozen' | 'dead';
  /** What cuts it off from the servers behind this port. */
  cut(port: Port): 'fail' | 'hang' | undefined;
}

interface Entry extends Transit {
  readonly endpoint: Endpoint;
  /** Entries of one lane arrive in the order in which they left, as on one connection. */
  readonly lane: string | undefined;
  readonly readyAt: number;
  readonly arrive: () => void;
  readonly fail: ((error: Error) => void) | undefined;
}

export interface NetworkOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** The longest that anything is on its way, one way; 0 takes no time at all. */
  readonly latencyMs: number;
}

/**
 * What is on its way between simulated processes and their servers. Nothing arrives by itself: whoever steps
 * decides what is next, by default the seed.
 */
export class Network {
  /** Decides what becomes of what is about to arrive; unset, it arrives. */
  fate: ((transit: Transit) => Fate | undefined) | undefined;
  /** Called when something has set out. */
  onSent: () => void = () => undefined;
  readonly #options: NetworkOptions;
  #entries: Entry[] = [];

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Calls a server: the request travels, `serve` runs there, the outcome travels back. */
  call<T>(
    endpoint: Endpoint,
    port: Port,
    operation: string,
    about: string,
    serve: () => Promise<T>,
  ): Promise<T> {
    const transit = { process: endpoint.name, port, operation, about };
    // A pool's connections overtake each other, a process's one connection to the mailboxes does not.
    const lane = (leg: Transit['leg']) => (port === 'store' ? undefined : `${endpoint.name} ${leg}`);
    return new Promise((resolve, reject) => {
      const answer = (arrive: () => void) =>
        this.#send(endpoint, { ...transit, leg: 'reply' }, lane('reply'), arrive, reject);
      const request = () => {
        serve().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        );
      };
      this.#send(endpoint, { ...transit, leg: 'request' }, lane('request'), request, (error) =>
        answer(() => reject(error)),
      );
    });
  }

  /** Pushes something to a process: a ring, an answer. */
  push(endpoint: Endpoint, port: Port, operation: string, about: string, arrive: () => void): void {
    const transit = { process: endpoint.name, port, operation, about, leg: 'reply' } as const;
    this.#send(endpoint, transit, `${endpoint.name} ${port}`, arrive, undefined);
  }

  /** What may arrive next: whose process runs, is not cut off by a hanging connection, and is first in its lane. */
  arrivals(): readonly Transit[] {
    return this.#arrivals();
  }

  /** Whether anything is on its way that would arrive if time passed. */
  get isBusy(): boolean {
    return this.#entries.some((entry) => this.#isOpen(entry));
  }

  /** Lets one arrive. */
  arrive(transit: Transit, fate: Fate = this.fate?.(transit) ?? 'deliver'): void {
    const at = this.#entries.findIndex((one) => one === transit);
    const [entry] = at < 0 ? [] : this.#entries.splice(at, 1);
    if (entry === undefined) throw new Error(`it is not on its way: ${describeTransit(transit)}`);
    if (fate === 'lose' || entry.endpoint.cut(entry.port) === 'fail') {
      return entry.fail?.(new Error(`connection lost: ${describeTransit(entry)}`));
    }
    entry.arrive();
    if (fate === 'double' && entry.fail === undefined) entry.arrive();
  }

  /** Lets arrive whatever can without time passing, in the seed's order. */
  async runUntilIdle(): Promise<void> {
    for (;;) {
      await untilSettled();
      const arrivals = this.#arrivals();
      const next = arrivals[Math.floor(this.#options.random() * arrivals.length)];
      if (next === undefined) return;
      this.arrive(next);
    }
  }

  #send(
    endpoint: Endpoint,
    transit: Transit,
    lane: string | undefined,
    arrive: () => void,
    fail: Entry['fail'],
  ): void {
    if (endpoint.state === 'dead') return;
    const { clock, random, latencyMs } = this.#options;
    const delayMs = latencyMs === 0 || transit.port === 'timer' ? 0 : random() * latencyMs;
    this.#entries.push({ ...transit, endpoint, lane, readyAt: clock.monotonic() + delayMs, arrive, fail });
    if (delayMs > 0) clock.schedule(delayMs, () => this.onSent());
    this.onSent();
  }

  #arrivals(): Entry[] {
    this.#entries = this.#entries.filter(({ endpoint }) => endpoint.state !== 'dead');
    const now = this.#options.clock.monotonic();
    const lanes = new Set<string>();
    return this.#entries.filter((entry) => {
      if (entry.lane !== undefined) {
        if (lanes.has(entry.lane)) return false;
        lanes.add(entry.lane);
      }
      return entry.readyAt <= now && this.#isOpen(entry);
    });
  }

  #isOpen({ endpoint, port }: Entry): boolean {
    return endpoint.state === 'running' && endpoint.cut(port) !== 'hang';
  }
}

export const describeTransit = ({ process, port, operation, about, leg }: Transit): string =>
  `${process} ${port}.${operation} ${about} (${leg})`;
