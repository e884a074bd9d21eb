import type { ActorAddress } from '../mailbox/address.ts';
import type { Ack, Delivery, InlinedMessage, ShardLease } from '../mailbox/mailbox.ts';
import type { NearAsk } from '../mailbox/near-ask.ts';
import type { ActorRecord, PendingEffect } from '../storage/state-store.ts';
import { joined } from './joined.ts';
import type { Kernel } from './kernel.ts';
import { isNear, NearAsks, noneNear, type NearDelivery } from './near-asks.ts';
import { OwnedMailbox } from './owned-mailbox.ts';

const none: readonly Delivery[] = [];
const noAcks: readonly Ack[] = [];

/** What a turn made of the messages that it was handed. */
export interface HandledMessages {
  readonly hand: readonly Delivery[];
  readonly done: readonly Ack[];
  /** Tried, or waiting for one that was: for a later turn, as are those behind. */
  readonly left: readonly Delivery[];
  readonly behind: readonly Delivery[];
  readonly changed: boolean;
}

/**
 * The messages that an actor's owner has taken. Each stays until it has ended where it can be had again: in the mailbox,
 * or, of an ask of this process, here, to be sent to the mailbox by `giveBack`.
 */
export class MessagesInHand {
  readonly #mailbox: OwnedMailbox;
  readonly #near: NearAsks;
  #ofMailbox = none;
  /** Asks of this process that the turn under way has taken up. */
  #ofProcess: readonly NearDelivery[] = noneNear;
  /** Handled, but what came of it is still to be written. */
  #unended = none;

  constructor(kernel: Kernel, address: ActorAddress, lease: ShardLease) {
    this.#mailbox = new OwnedMailbox(kernel, address, lease);
    this.#near = new NearAsks(kernel.mailbox, address, lease);
  }

  /** There may be something in the mailbox, or here is the message itself. */
  wake(inlined?: InlinedMessage): void {
    this.#mailbox.wake(inlined);
  }

  /** Takes an ask of this process, unless something of the mailbox comes before it: then it goes there. */
  take(ask: () => NearAsk): boolean {
    return this.#ofMailbox.length === 0 && !this.#mailbox.isWoken && this.#near.take(ask);
  }

  get ofMailbox(): readonly Delivery[] {
    return this.#ofMailbox;
  }

  /** They end with the next write, and no other is handed out before. */
  get unended(): readonly Delivery[] {
    return this.#unended;
  }

  /** Those for the next turn, as far as they are here. */
  get size(): number {
    return this.#ofMailbox.length + this.#near.size;
  }

  /** Whether there is something for a turn. */
  get hasWork(): boolean {
    return this.#mailbox.isWoken || this.size > 0;
  }

  /** Whether there is something for a turn now or soon. */
  isBusy(pending: readonly PendingEffect[]): boolean {
    const isHolding = this.size > 0 || this.#unended.length > 0;
    return isHolding || this.#mailbox.isExpecting || this.#mailbox.isDueSoon(pending);
  }

  /**
   * Takes what can be taken up before the record is there: the message that came with a wake-up, or else asks of this
   * process. Returns whether it is one of these messages that comes first.
   * @throws FencedError
   */
  async beginsWith(names: readonly string[]): Promise<boolean> {
    const accepted = this.#mailbox.accept();
    if (accepted !== undefined) this.#ofMailbox = [accepted];
    const first = accepted ?? this.#near.first;
    if (first === undefined || !names.includes(first.envelope.name)) return false;
    return accepted !== undefined || (await this.#admit()) === true;
  }

  /**
   * Takes at most `max` from the mailbox, once the record is there, and admits asks of this process if it is empty.
   * @throws ParkedError, FencedError, and what loading the record throws
   */
  async receive(known: ActorRecord | Promise<ActorRecord>, max: number): Promise<ActorRecord> {
    const looking = this.#admit();
    const [record, isEmpty] =
      known instanceof Promise
        ? await Promise.all([known, looking])
        : [known, looking === undefined ? undefined : await looking];
    if (this.#mailbox.isWoken && this.#ofMailbox.length === 0 && this.#unended.length === 0) {
      this.#ofMailbox = await this.#mailbox.receive(record.effects, max);
    }
    if (this.#ofMailbox.length > 0) this.#near.giveBack([], 'not admitted');
    else if (isEmpty === false) this.#near.giveBack();
    return record;
  }

  /** Undefined where there is no need to look into the mailbox, or it will be seen anyway. */
  #admit(): Promise<boolean> | undefined {
    const mayWait = this.#near.size === 0 || this.#near.hasAdmitted || this.#unended.length > 0;
    if (mayWait || this.#ofMailbox.length > 0 || this.#mailbox.isWoken) return undefined;
    return this.#near.admit();
  }

  /** Hands out what a turn is to take up: asks of this process, or messages of the mailbox, never both. */
  next(max: number): readonly Delivery[] {
    if (this.#unended.length > 0) return none;
    this.#ofProcess = this.#near.next(max);
    return this.#ofProcess.length > 0 ? this.#ofProcess : this.#ofMailbox;
  }

  /** Whether this is all there is: what comes next would have it written at once. */
  isAlone(hand: readonly Delivery[]): boolean {
    const count = this.#ofMailbox.length + this.#ofProcess.length;
    return hand.length === 1 && count === 1 && this.#near.size === 0 && !this.#mailbox.isWoken;
  }

  /** What was handed out ends with the next write. */
  keepUntilWritten(): void {
    this.#unended = joined<Delivery>(this.#ofMailbox, this.#ofProcess);
    this.#ofMailbox = none;
    this.#ofProcess = noneNear;
  }

  /** Whether an answer has to wait for a look at the lease, also after a write. */
  waitsForLease(hand: readonly Delivery[]): boolean {
    return hand.some(isNear) || this.#unended.some(isNear);
  }

  /**
   * Ends at the mailbox what `acksOf` told, and takes at most `max` others; looks at the lease where somebody waits for that.
   * Returns those for `settle`.
   * @throws FencedError
   */
  async confirm(
    pending: readonly PendingEffect[],
    handled: HandledMessages,
    acks: readonly Ack[],
    max: number,
  ): Promise<readonly Delivery[]> {
    if (acks.length > 0 || !this.#mailbox.isListed(pending)) {
      return this.#mailbox.ack(pending, acks, this.#remaining(handled).length > 0 ? 0 : max);
    }
    // Nothing in the mailbox would have the next owner see what was written under a lease that had run out.
    if (handled.changed && this.waitsForLease(handled.hand)) await this.#near.admit();
    return none;
  }

  /** What the mailbox is told of those that have ended. */
  acksOf({ hand, done }: HandledMessages): readonly Ack[] {
    return joined(this.#lateAcks(), hand.some(isNear) ? noAcks : done);
  }

  /** Of what was handled by an earlier turn. */
  #lateAcks(): readonly Ack[] {
    if (this.#unended.length === 0) return noAcks;
    return this.#unended.filter((one) => !isNear(one)).map(({ jobId }) => ({ jobId }));
  }

  /** Of the mailbox, those for a later turn. */
  #remaining({ hand, left, behind }: HandledMessages): readonly Delivery[] {
    return hand.length === 0 || hand.some(isNear) ? this.#ofMailbox : joined(left, behind);
  }

  /** The turn is over; `taken` came with its confirmation. */
  settle(handled: HandledMessages, taken: readonly Delivery[]): void {
    const { hand, left, behind } = handled;
    this.#ofMailbox = joined(this.#remaining(handled), taken);
    this.#unended = none;
    this.#ofProcess = noneNear;
    if (!hand.some(isNear)) return;
    // What failed is tried again by way of the mailbox, which keeps count, and what is behind it follows.
    if (left.length === 0) this.#near.putBack(behind);
    else this.#near.giveBack(joined(left, behind));
  }

  /** Sends the asks of this process to the mailbox, in order. */
  giveBack(): void {
    const held = joined<Delivery>(this.#unended, this.#ofProcess);
    this.#unended = none;
    this.#ofProcess = noneNear;
    this.#near.giveBack(held);
  }

  /** The same, but for those that the turn under way has taken up: they have their turn, or go when it fails. */
  giveBackWaiting(): void {
    this.#near.giveBack();
  }

  /** What the mailbox has, it hands out again. */
  forget(): void {
    this.#ofMailbox = none;
    this.giveBack();
    this.#mailbox.wake();
  }
}
