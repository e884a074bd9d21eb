import type { ActorAddress } from './address.ts';
import type { Delivery, Envelope, InlinedMessage, ShardLease } from './mailbox.ts';
import { firstStreamId, isAfter } from '../redis/stream-id.ts';

/** Actors whose last taking is remembered by name; for older ones the latest of them stands in. */
const maxRemembered = 10_000;

/**
 * Tells whether a message that came with a wake-up is still to be handled.
 *
 * What a wake-up carries was put in the owner's hands when the wake-up was written. Taking the mailbox up afresh (after
 * a sweep, a failure, a takeover) hands it over a second time, so whatever woke it before that is only a hint.
 * Whoever is not sure may always take a wake-up for a hint: that costs a script, never a message.
 */
export class DeliveryWatermark {
  /** Actor id → the last wake-up that was accepted, or that its mailbox's last taking has seen. */
  readonly #claimed = new Map<string, string>();
  #floor = firstStreamId;

  claimed(actorId: string, lastWakeId: string): void {
    this.#claimed.delete(actorId);
    this.#claimed.set(actorId, lastWakeId);
    if (this.#claimed.size <= maxRemembered) return;
    for (const [oldest, wakeId] of this.#claimed) {
      if (isAfter(wakeId, this.#floor)) this.#floor = wakeId;
      this.#claimed.delete(oldest);
      return;
    }
  }

  /** Whether what this wake-up inlined is still to be handled; heard a second time, it is not. */
  accept(actorId: string, wakeId: string): boolean {
    const claimed = this.#claimed.get(actorId) ?? this.#floor;
    if (claimed !== firstStreamId && !isAfter(wakeId, claimed)) return false;
    this.claimed(actorId, wakeId);
    return true;
  }
}

/** What a mailbox's `accept` does, whatever it keeps its messages in. */
export function acceptInlined(
  watermark: Pick<DeliveryWatermark, 'accept'>,
  { token, wakeId, jobId, data }: InlinedMessage,
  from: ActorAddress,
  lease: ShardLease,
): Delivery | undefined {
  if (token !== lease.token || !watermark.accept(from.id, wakeId)) return undefined;
  return { jobId, envelope: JSON.parse(data) as Envelope, starts: 1 };
}
