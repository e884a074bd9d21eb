import { AbandonedError, type HostedActor, type StoredActor } from './stored-actor.ts';
import type { TurnResult } from './apply-turn.ts';
import type { ActorRecord } from '../storage/state-store.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Delivery, ShardLease } from '../mailbox/mailbox.ts';
import { handleTogether } from './crash-loop.ts';
import type { Failures } from './failures.ts';
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

  /** Whether the actor rests from now on, as something failed for good. */
  async hasParked({ draft, poison, stuck }: TurnResult): Promise<boolean> {
    const { kernel, hosted, address, lease } = this.#options;
    if (poison !== undefined && hosted.actor.definition.onPoison === 'park') {
      await park(kernel, address, lease, poison, draft.record.state);
      return true;
    }
    if (stuck === undefined) return false;
    if (draft.changed) await this.#answer(draft.replies);
    await parkAtItself(kernel, address, lease, stuck);
    this.#messages.giveBack();
    return true;
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
    const answered = wasWritten && !waitsForLease ? this.#answer(draft.replies) : undefined;
    const mayRead = left.length === 0 && poison === undefined;
    const read = mayRead ? await this.#read(record, reading, answered) : nothingRead;
    if (kernel.replies.areApart === true) await answered;
    const handled = {
      hand,
      done: [...done, ...read.done],
      left: [...left, ...read.left],
      behind: hand.slice(changing.length + (mayRead ? reading.length : 0)),
      changed: draft.changed,
    };
    const acks = this.#messages.acksOf(handled);
    const confirmed = this.#messages.confirm(record.effects, handled, acks, max);
    const [next] = await Promise.all([confirmed, answered]);
    if (waitsForLease) this.checkPlace();
    this.#messages.settle(handled, next);
    await this.#answer(answered === undefined ? [...draft.replies, ...read.replies] : read.replies);
    const dead = poison === undefined ? read.dead : [poison, ...read.dead];
    for (const one of dead) reportDeadLetter(kernel, address, one);
    for (const { jobId } of acks) failures.ofMessages.delete(jobId);
    const ended = [...unended, ...changing].filter((one) => !handled.left.includes(one));
    this.#stored.trim((known) => withoutEnded(known, ended));
  }

  /** Nobody who has changed something waits for those who read: `answered` goes on meanwhile. */
  async #read(
    { state }: ActorRecord,
    deliveries: readonly Delivery[],
    answered: Promise<void> | undefined,
  ): Promise<ReadResult> {
    if (deliveries.length === 0) return nothingRead;
    const { kernel, address, lease, failures } = this.#options;
    const read = () => this.#reads.run(state, deliveries, failures.ofMessages);
    const reading = handleTogether(kernel, address, lease, deliveries, failures, read);
    const [result] = await Promise.all([reading, answered]);
    this.checkPlace();
    return result;
  }

  async #answer(replies: readonly AddressedReply[]): Promise<void> {
    const { kernel } = this.#options;
    await Promise.all(replies.map(({ inbox, reply }) => kernel.replies.send(inbox, reply)));
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
