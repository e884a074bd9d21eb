import type { Cancel, Clock } from '../define/clock.ts';
import type { FakeClock } from './fake-clock.ts';
import type { Endpoint, Network, Port } from './network.ts';

/** What a process can be cut off from. Wake-ups and the inbox are read on connections of their own. */
export type Connection = Exclude<Port, 'link' | 'timer'>;

/** `fail`: calls are refused, the outcome of those under way is unknown. `hang`: they reach the server when it heals. */
export type Cut = 'fail' | 'hang';

export interface PartitionOptions {
  /** Default: all of them. */
  readonly from?: readonly Connection[];
  /** What becomes of the calls. Default `fail`. */
  readonly calls?: Cut;
}

const all: readonly Connection[] = ['mailbox', 'wake-ups', 'registry', 'replies', 'inbox', 'store'];

/** A process that a test can make fail: what runs in it reaches time and servers through it alone. */
export class SimulatedProcess implements Endpoint {
  readonly name: string;
  /** Time as this process sees it: while it is frozen, none of its timers runs. */
  readonly clock: Clock;
  readonly #network: Network;
  readonly #cuts = new Map<Port, Cut>();
  #overdue: (() => void)[] = [];
  #state: Endpoint['state'] = 'running';

  /** @internal */
  constructor(name: string, clock: FakeClock, network: Network) {
    this.name = name;
    this.#network = network;
    this.clock = {
      now: () => clock.now(),
      // Goes on while the process is frozen, as it does under SIGSTOP.
      monotonic: () => clock.monotonic(),
      schedule: (delayMs, run) => this.#schedule(clock, delayMs, run),
    };
  }

  get state(): Endpoint['state'] {
    return this.#state;
  }

  cut(port: Port): Cut | undefined {
    return this.#cuts.get(port);
  }

  /** Dies between two instructions, as under kill -9: what it has not delivered never arrives. */
  crash(): void {
    this.#state = 'dead';
    this.#overdue = [];
    this.#network.onSent();
  }

  /** Stops as under SIGSTOP: its timers, its calls and all that is on its way to it wait; time goes on. */
  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  /** Goes on as after SIGCONT: timers that fell due and what waited for it come now, in the seed's order. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    const overdue = this.#overdue;
    this.#overdue = [];
    for (const run of overdue) this.#network.push(this, 'timer', 'run', '', run);
    this.#network.onSent();
  }

  /** Cuts it off from servers until it heals. */
  partition({ from = all, calls = 'fail' }: PartitionOptions = {}): void {
    for (const connection of from) this.#cuts.set(connection, calls);
  }

  heal(): void {
    this.#cuts.clear();
    this.#network.onSent();
  }

  #schedule(clock: FakeClock, delayMs: number, run: () => void): Cancel {
    let cancelled = false;
    const unlessCancelled = () => {
      if (!cancelled) run();
    };
    const cancel = clock.schedule(delayMs, () => {
      if (this.#state === 'running') run();
      else if (this.#state === 'frozen') this.#overdue.push(unlessCancelled);
    });
    return () => {
      cancelled = true;
      cancel();
    };
  }
}
