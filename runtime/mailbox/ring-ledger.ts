import { firstStreamId, isAfter } from '../redis/stream-id.ts';

/** Actors whose last taking is remembered by name; for older ones the latest of them stands in. */
const maxRemembered = 10_000;

/**
 * Tells whether a message that came with a ring is still to be handled.
 *
 * What a ring carries was put in the owner's hands when the ring was written. Taking the mailbox up afresh (after
 * a sweep, a failure, a takeover) hands it over a second time, so whatever rang before that is only a hint.
 * Whoever is not sure may always take a ring for a hint: that costs a script, never a message.
 */
export class RingLedger {
  /** Actor id → the last ring that was accepted, or that its mailbox's last taking has seen. */
  readonly #taken = new Map<string, string>();
  #floor = firstStreamId;

  taken(actorId: string, lastRing: string): void {
    this.#taken.delete(actorId);
    this.#taken.set(actorId, lastRing);
    if (this.#taken.size <= maxRemembered) return;
    for (const [oldest, ring] of this.#taken) {
      if (isAfter(ring, this.#floor)) this.#floor = ring;
      this.#taken.delete(oldest);
      return;
    }
  }

  /** Whether what this ring carried is still to be handled; heard a second time, it is not. */
  accept(actorId: string, ring: string): boolean {
    const taken = this.#taken.get(actorId) ?? this.#floor;
    if (taken !== firstStreamId && !isAfter(ring, taken)) return false;
    this.taken(actorId, ring);
    return true;
  }
}
