import type { Clock } from '../define/clock.ts';
import type { ShardLease } from '../mailbox/mailbox.ts';

/** The lease of a shard that this node holds, for as long as its own clock trusts it. */
export class KeptLease implements ShardLease {
  readonly shard: number;
  readonly token: string;
  readonly #clock: Clock;
  #heldUntil: number;
  /** It is being handed over; what is under way may still be written. */
  leaving = false;
  /** Its renewal is on the way. */
  renewing = false;

  constructor(shard: number, token: string, clock: Clock, heldUntil: number) {
    this.shard = shard;
    this.token = token;
    this.#clock = clock;
    this.#heldUntil = heldUntil;
  }

  isHeld(): boolean {
    return this.#clock.monotonic() < this.#heldUntil;
  }

  prolong(heldUntil: number): void {
    this.#heldUntil = heldUntil;
  }
}
