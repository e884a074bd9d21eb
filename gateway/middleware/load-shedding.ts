import type { ActorError, Clock, Logger } from '@trolley/runtime';
import { ShopError } from '../error-table.ts';
import type { Lateness } from './loop-delay.ts';
import { AskGate } from './ask-gate.ts';
import { TurnShare } from './turn-share.ts';

/**
 * What a request is when there is more than can be done. `probe` is never refused. `underway` goes on with something
 * that has begun, as the status of a checkout: it is refused last. `read` waits for no actor; `ask` waits for one, and
 * for a moment only; `saga` waits for a checkout, as long as that takes.
 */
export type Load = 'probe' | 'underway' | 'read' | 'ask' | 'saga';

export interface SheddingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly loopDelay: Lateness;
  /** How late it may come, and how long even the quickest ask may wait; 0: nothing is refused. */
  readonly aboveMs: number;
}

/** Refuses requests, and counts those that it lets in. */
export interface Shedding {
  /** Whether it may be that something is refused or held now. */
  readonly isBusy: boolean;
  /** What a request of this kind is refused with now; undefined: it is not. */
  refusalOf(load: Load): ActorError | undefined;
  /** What one of this kind, which is not refused now, turns out to be refused with; undefined: it goes on at once. */
  held(load: Load): Promise<ActorError | undefined> | undefined;
  /** When one that is refused may be answered: not all of them in one turn of the event loop. */
  turn(): Promise<void> | undefined;
  /**
   * Has an `ask` that has arrived carried out, perhaps not at once, and counts it until its answer is there, whoever
   * still waits for it. Rejects as `refusalOf` says where there turns out to be too much.
   */
  counted<T>(ask: () => Promise<T>): Promise<T>;
}

/** One line in the log for so long. */
const quietMs = 10_000;

/** Refuses what cannot be answered soon, at once, so that what is let in can. */
export function createShedding({ clock, logger, loopDelay, aboveMs }: SheddingOptions): Shedding {
  if (aboveMs === 0) {
    return {
      isBusy: false,
      refusalOf: () => undefined,
      turn: () => undefined,
      held: () => undefined,
      counted: (ask) => ask(),
    };
  }
  const asks = new AskGate({ clock, aboveMs });
  const turns = new TurnShare();
  let refused = 0;
  let tellAt = -Infinity;

  function isTooMuch(load: Load): boolean {
    if (load === 'probe') return false;
    if (load === 'underway') return loopDelay.ms > 2 * aboveMs;
    return loopDelay.ms > aboveMs || (load !== 'read' && asks.isFull());
  }

  function tell(): void {
    refused += 1;
    const now = clock.monotonic();
    if (now < tellAt) return;
    const { underWay, limit } = asks;
    const loopDelayMs = Math.round(loopDelay.ms);
    logger.warn(
      { refused, underWay, limit, loopDelayMs },
      'more is asked than can be answered: some of it is refused',
    );
    refused = 0;
    tellAt = now + quietMs;
  }

  return {
    get isBusy() {
      return loopDelay.ms > aboveMs || asks.isBusy;
    },
    refusalOf(load) {
      if (!isTooMuch(load)) return undefined;
      if (load === 'ask') asks.refused();
      tell();
      return refusal;
    },
    turn: () => turns.next(),
    held(load) {
      if (load !== 'ask') return undefined;
      return asks.come()?.then((isIn) => {
        if (isIn) return undefined;
        tell();
        return refusal;
      });
    },
    async counted(ask) {
      let startedAt = clock.monotonic();
      const entered = asks.enter(startedAt);
      if (entered !== true) {
        if (!(await entered)) {
          tell();
          await turns.next();
          throw refusal;
        }
        startedAt = clock.monotonic();
      }
      let tookMs: number | undefined;
      try {
        const reply = await ask();
        tookMs = clock.monotonic() - startedAt;
        return reply;
      } finally {
        asks.leave(tookMs);
      }
    },
  };
}

/** The same each time: who has too much to do makes nothing anew for whom it refuses. */
const refusal = new ShopError('unavailable', 'overloaded', {
  details: { overloaded: true, retryAfterMs: 1000 },
});

/** Whether a request was refused since there was too much to do. */
export const isShed = (error: ActorError | undefined): boolean => error === refusal;
