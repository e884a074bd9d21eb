import { AbandonedError, type HostedActor, type StoredActor } from './stored-actor.ts';
import type { TurnResult } from './apply-turn.ts';
import type { ActorRecord } from '../storage/state-store.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Delivery, ShardLease } from '../mailbox/mailbox.ts';
import { handleTogether } from './crash-loop.ts';
import type { Failures } from './failures.ts';
import { joined } from './joined.ts';
import type { Kernel } from './kernel.ts';
import type { MessagesInHand } from './messages-in-hand.ts';
import { park, reportDeadLetter } from './poison.ts';
import { nothingRead, ReadRunner, type ReadResult } from './read-runner.ts';
import { parkAtItself } from './refuse.ts';
import type { TakenUp } from './taken-up.ts';
import { withoutEnded, type AddressedReply } from './turn-draft.ts';

export interface TurnEndOptions {
  readonly kernel: Kernel;
  readonly hosted: HostedActor;
  readonly address: ActorAddress;
  readonly lease: ShardLease;
  readonly failures: Failures;
}

/** What a turn has left behind in the store, and how many messages the next one may take up. */
export interface Kept {
  readonly record: ActorRecord;
  readonly wasWritten: boolean;
  readonly max: number;
}

/** What comes of a turn once it is written: parks the actor, or answers, reads, and ends the messages. */
export class TurnEnd {
  readonly #options: TurnEndOptions;
  readonly #messages: MessagesInHand;
  readonly #stored: StoredActor;
  readonly #reads: ReadRunner;
  #abandoned = false;

  constructor(options: TurnEndOptions, messages: MessagesInHand, stored: StoredActor) {
    this.#options = options;
    this.#messages = messages;
    this.#stored = stored;
    this.#reads = new ReadRunner(options.kernel, options.hosted.actor, options.address);
  }

  /** Whether the actor is to rest, as something failed for good. */
  isToPark({ poison, stuck }: TurnResult): boolean {
    const { definition } = this.#options.hosted.actor;
    return stuck !== undefined || (poison !== undefined && definition.onPoison === 'park');
  }

  /** The actor rests from now on. */
  async park({ draft, poison, stuck }: TurnResult): Promise<void> {
    const { kernel, address, lease } = this.#options;
    if (poison !== undefined) await park(kernel, address, lease, poison, draft.record.state);
    if (stuck === undefined) return;
    if (draft.changed) await this.#answer(draft.replies);
    await parkAtItself(kernel, address, lease, stuck);
    this.#messages.giveBack();
  }

  /** Answers what has changed something, reads, and ends both. */
  async endMessages(
    { hand, unended, changing, reading }: TakenUp,
    { draft, done, left, poison }: TurnResult,
    { record, wasWritten, max }: Kept,
  ): Promise<void> {
    const { kernel, address, failures } = this.#options;
    // If the turn was written, reply now. If nothing was, reply only after `ack` has confirmed the lease.
    const waitsForLease = this.#messages.waitsForLease(hand);
    const answersNow = wasWritten && !waitsForLease;
    const answered = answersNow ? this.#answer(draft.replies) : undefined;
    const reads = reading.length > 0 && left.length === 0 && poison === undefined;
    const read = reads ? await this.#read(record, reading, answered) : nothingRead;
    if (kernel.replies.areApart === true && answered !== undefined) await answered;
    const handled = {
      hand,
      done: joined(done, read.done),
      left: joined(left, read.left),
      behind: hand.slice(changing.length + (reads ? reading.length : 0)),
      changed: draft.changed,
    };
    const acks = this.#messages.acksOf(handled);
    const confirmed = this.#messages.confirm(record.effects, handled, acks, max);
    const next = answered === undefined ? await confirmed : (await Promise.all([confirmed, answered]))[0];
    if (waitsForLease) this.checkPlace();
    this.#messages.settle(handled, next);
    const late = this.#answer(answersNow ? read.replies : joined(draft.replies, read.replies));
    if (late !== undefined) await late;
    if (poison !== undefined) reportDeadLetter(kernel, address, poison);
    for (const one of read.dead) reportDeadLetter(kernel, address, one);
    for (const { jobId } of acks) failures.ofMessages.delete(jobId);
    const ended = joined(unended, changing).filter((one) => !handled.left.includes(one));
    this.#stored.trim((known) => withoutEnded(known, ended));
  }

  /** Nobody who has changed something waits for those who read: `answered` goes on meanwhile. */
  async #read(
    { state }: ActorRecord,
    deliveries: readonly Delivery[],
    answered: Promise<unknown> | undefined,
  ): Promise<ReadResult> {
    const { kernel, address, lease, failures } = this.#options;
    const reading = handleTogether(kernel, address, lease, deliveries, failures, () =>
      this.#reads.run(state, deliveries, failures.ofMessages),
    );
    const [result] = await Promise.all([reading, answered]);
    this.checkPlace();
    return result;
  }

  /** Undefined where nobody is to be answered. */
  #answer(replies: readonly AddressedReply[]): Promise<unknown> | undefined {
    const { kernel } = this.#options;
    const [first] = replies;
    if (first === undefined) return undefined;
    if (replies.length === 1) return kernel.replies.send(first.inbox, first.reply);
    return Promise.all(replies.map(({ inbox, reply }) => kernel.replies.send(inbox, reply)));
  }

  stopReading(): void {
    this.#reads.stopAll();
  }

  /** Another activation takes the actor's place: nobody is answered any more. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** @throws AbandonedError */
  checkPlace(): void {
    if (this.#abandoned) throw new AbandonedError();
  }
}
