import type { ActorAddress } from '../mailbox/address.ts';
import type { Delivery, Mailbox, ShardLease } from '../mailbox/mailbox.ts';
import type { NearAsk } from '../mailbox/near-ask.ts';

/** Asks that may wait for one actor; more go through its mailbox, which knows its own limit. */
const maxWaiting = 256;

/** A message that did not come through the mailbox. */
export interface NearDelivery extends Delivery {
  readonly near: NearAsk;
}

export const isNear = (delivery: Delivery): delivery is NearDelivery => 'near' in delivery;

export const noneNear: readonly NearDelivery[] = [];

/**
 * What the process of an actor asks it directly. An ask is admitted when the mailbox was seen to be empty after it
 * came: whatever was acknowledged before has been handled then. Otherwise it goes to the mailbox like any other.
 */
export class NearAsks {
  readonly #mailbox: Mailbox;
  readonly #address: ActorAddress;
  readonly #lease: ShardLease;
  #waiting: NearAsk[] = [];
  /** So many of them, from the first on. */
  #admitted = 0;
  /** The last of those that were sent to the mailbox is there. */
  #sent: Promise<void> | undefined;
  #givenBack = 0;

  constructor(mailbox: Mailbox, address: ActorAddress, lease: ShardLease) {
    this.#mailbox = mailbox;
    this.#address = address;
    this.#lease = lease;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** What would be handed out first. */
  get first(): NearAsk | undefined {
    return this.#waiting[0];
  }

  /** Whether it waits for its turn now. */
  take(ask: () => NearAsk): boolean {
    if (this.#waiting.length >= maxWaiting) return false;
    this.#waiting.push(ask());
    return true;
  }

  /**
   * Admits those that have come, if the mailbox is empty; returns whether it is.
   * @throws FencedError
   */
  async admit(): Promise<boolean> {
    // Those that come meanwhile are not meant, and all may be gone by then.
    const asked = this.#waiting.length;
    const givenBack = this.#givenBack;
    const isEmpty = await this.#mailbox.isEmpty(this.#address, this.#lease);
    if (!isEmpty || givenBack !== this.#givenBack) return false;
    for (; this.#admitted < asked; this.#admitted++) this.#waiting[this.#admitted]?.admit();
    return true;
  }

  get hasAdmitted(): boolean {
    return this.#admitted > 0;
  }

  /** Hands out admitted ones. */
  next(max: number): readonly NearDelivery[] {
    if (this.#admitted === 0) return noneNear;
    const taken = this.#waiting.slice(0, Math.min(max, this.#admitted));
    this.#waiting = this.#waiting.slice(taken.length);
    this.#admitted -= taken.length;
    return taken.map((near) => ({ jobId: near.jobId, envelope: near.envelope, starts: 1, near }));
  }

  /** What the turn did not come to is for the next one. */
  putBack(inHand: readonly Delivery[]): void {
    const asks = asksOf(inHand);
    this.#waiting = [...asks, ...this.#waiting];
    this.#admitted += asks.length;
  }

  /** Sends to the mailbox, in order: those in hand, then all that wait, or only what is not admitted. */
  giveBack(inHand: readonly Delivery[] = [], which: 'all' | 'not admitted' = 'all'): void {
    const kept = which === 'all' ? 0 : this.#admitted;
    const given = [...asksOf(inHand), ...this.#waiting.slice(kept)];
    this.#waiting = this.#waiting.slice(0, kept);
    this.#admitted = kept;
    if (given.length === 0) return;
    this.#givenBack++;
    // At once where it can be: nothing that is asked from now on comes before them.
    const sent = this.#sent === undefined ? sendInOrder(given) : this.#sent.then(() => sendInOrder(given));
    this.#sent = sent;
    void sent.then(() => {
      if (this.#sent === sent) this.#sent = undefined;
    });
  }
}

const asksOf = (deliveries: readonly Delivery[]) => deliveries.filter(isNear).map(({ near }) => near);

async function sendInOrder(asks: readonly NearAsk[]): Promise<void> {
  for (const ask of asks) await ask.giveBack();
}
