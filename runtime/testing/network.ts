import type { Clock } from '../define/clock.ts';
import { untilSettled } from './fake-clock.ts';

/** What lies between a process and the servers; `timer` is a timer that fell due while its process was frozen. */
export type Port = 'mailbox' | 'registry' | 'replies' | 'store' | 'wake-ups' | 'inbox' | 'link' | 'timer';

/** One thing on its way between a process and a server. */
export interface Transit {
  readonly process: string;
  readonly port: Port;
  /** The port's method, `wake` of a wake-up, `answer` of an inbox. */
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

/** How something travels. */
interface Way {
  readonly endpoint: Endpoint;
  /** What shares a lane arrives in the order in which it left, as on one connection. */
  readonly lane: string | undefined;
  /** Hears that it was lost. */
  readonly fail: ((error: Error) => void) | undefined;
}

interface Entry extends Transit, Way {
  readonly readyAt: number;
  readonly arrive: () => void;
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
  /**
   * Called when something has set out.
   * @internal
   */
  onSent: () => void = () => undefined;
  readonly #options: NetworkOptions;
  #entries: Entry[] = [];

  /** @internal */
  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /**
   * Calls a server: the request travels, `serve` runs there, the outcome travels back.
   * @internal
   */
  call<T>(
    endpoint: Endpoint,
    port: Port,
    operation: string,
    about: string,
    serve: () => Promise<T>,
  ): Promise<T> {
    const transit = { process: endpoint.name, port, operation, about };
    // A pool's connections overtake each other, a process's one connection to the mailboxes does not.
    const lane = port === 'store' ? undefined : endpoint.name;
    return new Promise((resolve, reject) => {
      const back: Way = { endpoint, lane: lane && `${lane} reply`, fail: reject };
      const reply: Transit = { ...transit, leg: 'reply' };
      this.#send(
        { ...transit, leg: 'request' },
        {
          endpoint,
          lane: lane && `${lane} request`,
          fail: (error) => this.#send(reply, back, () => reject(error)),
        },
        () => void this.#serve(serve, reply, back, resolve),
      );
    });
  }

  /**
   * Pushes something to a process: a wake-up, an answer.
   * @internal
   */
  push(endpoint: Endpoint, port: Port, operation: string, about: string, arrive: () => void): void {
    const transit = { process: endpoint.name, port, operation, about, leg: 'reply' } as const;
    this.#send(transit, { endpoint, lane: `${endpoint.name} ${port}`, fail: undefined }, arrive);
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
    // What is pushed may come again, long after all that follows from it; a call is answered once.
    if (fate === 'double' && entry.fail === undefined) this.#resend(entry);
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

  async #serve<T>(
    serve: () => Promise<T>,
    reply: Transit,
    back: Way,
    resolve: (outcome: Promise<T>) => void,
  ): Promise<void> {
    const outcome = serve();
    await Promise.allSettled([outcome]);
    this.#send(reply, back, () => resolve(outcome));
  }

  #send(transit: Transit, way: Way, arrive: () => void): void {
    if (way.endpoint.state === 'dead') return;
    const { clock, random, latencyMs } = this.#options;
    const delayMs = latencyMs === 0 || transit.port === 'timer' ? 0 : random() * latencyMs;
    this.#entries.push({ ...transit, ...way, readyAt: clock.monotonic() + delayMs, arrive });
    if (delayMs > 0) clock.schedule(delayMs, () => this.onSent());
    this.onSent();
  }

  #resend(entry: Entry): void {
    const { clock } = this.#options;
    this.#entries.push({ ...entry, lane: undefined, readyAt: clock.monotonic() + 1 });
    clock.schedule(1, () => this.onSent());
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
