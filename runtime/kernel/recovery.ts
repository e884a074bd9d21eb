import { addressOf, type ActorAddress } from '../mailbox/address.ts';
import type { Kernel } from './kernel.ts';
import type { HostedActor } from './stored-actor.ts';

export interface RecoveryOptions {
  readonly kernel: Pick<Kernel, 'clock' | 'limits' | 'logger'>;
  readonly types: readonly string[];
  readonly shards: number;
  /** Whether it is this node's to wake, and not in memory. */
  readonly isAsleep: (address: ActorAddress) => boolean;
  readonly wake: (address: ActorAddress) => void;
}

/** Actors of one type that one look at the stores finds. What is lost is longest due, so it never waits behind what runs. */
const maxRecovered = 500;

/** A clock that is set right little by little is none that was set back. */
const setBackMs = 1_000;

/** Finds in the stores what is unfinished and nothing in Redis tells of any more. */
export class Recovery {
  readonly #options: RecoveryOptions;
  /** Types of which some may have been written by a clock that was ahead of this one, and wait for what is over. */
  readonly #ahead = new Set<string>();
  /** Type → actors that the last look found unfinished: one that is parked is found by each. */
  readonly #foundBefore = new Map<string, ReadonlySet<string>>();
  /** What the wall clock was ahead of the monotonic one. */
  #wallAheadMs: number;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#wallAheadMs = this.#wallAhead();
  }

  /** Wakes the actors of one type whose effects and reminders are due and of which Redis knows nothing any more. */
  async recover({ actor, store }: HostedActor): Promise<void> {
    const { kernel, shards, isAsleep, wake } = this.#options;
    const { clock, limits, logger } = kernel;
    const { type } = actor.contract;
    const dueBefore = clock.now() - limits.recoverAfterMs;
    const isAhead = this.#ahead.delete(type);
    const writtenAfter = isAhead ? clock.now() + setBackMs : undefined;
    const keys = await store.unfinished(dueBefore, maxRecovered, writtenAfter).catch((error: unknown) => {
      if (isAhead) this.#ahead.add(type);
      throw error;
    });
    if (isAhead && keys.length === maxRecovered) this.#ahead.add(type);
    const lost = keys.map((key) => addressOf(type, key, shards)).filter(isAsleep);
    const found = lost.filter(({ id }) => this.#foundBefore.get(type)?.has(id) !== true).length;
    this.#foundBefore.set(type, new Set(lost.map(({ id }) => id)));
    if (found > 0) logger.info({ actor: type, found }, 'waking what was left unfinished');
    for (const address of lost) wake(address);
  }

  /** What was written when the clock was ahead is looked for once more, by when it was written. */
  lookAhead(): void {
    for (const type of this.#options.types) this.#ahead.add(type);
  }

  noticeSetBack(): void {
    const wallAheadMs = this.#wallAhead();
    const ms = this.#wallAheadMs - wallAheadMs;
    this.#wallAheadMs = wallAheadMs;
    if (ms < setBackMs) return;
    this.#options.kernel.logger.warn({ ms }, `the clock was set back by ${Math.round(ms / 1_000)} s`);
    this.lookAhead();
  }

  #wallAhead(): number {
    const { clock } = this.#options.kernel;
    return clock.now() - clock.monotonic();
  }
}
