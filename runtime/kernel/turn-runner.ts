import type { MessageSpecs } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import type { NearAsk } from '../mailbox/near-ask.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import { FencedError, type Delivery, type InlinedMessage, type ShardLease } from '../mailbox/mailbox.ts';
import type { ActorRecord } from '../storage/state-store.ts';
import { applyTurn, failedAgain, type EffectResult, type TurnInput } from './apply-turn.ts';
import { handleTogether, togetherOf } from './crash-loop.ts';
import { EffectRunner } from './effect-runner.ts';
import type { Failures } from './failures.ts';
import type { Kernel } from './kernel.ts';
import { MessagesInHand } from './messages-in-hand.ts';
import { park, reportDeadLetter } from './poison.ts';
import { PostponedWrite } from './postponed-write.ts';
import { nothingRead, ReadRunner, split, type ReadResult } from './read-runner.ts';
import { AbandonedError, RefusedError, StaleError, StoredActor, type HostedActor } from './stored-actor.ts';
import { parkAtItself } from './refuse.ts';
import { initialState } from './stored-record.ts';
import {
  completed,
  isPostponable,
  withoutUnchanging,
  type AddressedReply,
  type TurnDraft,
} from './turn-draft.ts';
import type { TagSchemas } from './waiting-callers.ts';

export interface TurnRunnerOptions {
  readonly kernel: Kernel;
  readonly hosted: HostedActor;
  readonly address: ActorAddress;
  readonly lease: ShardLease;
  readonly failures: Failures;
  /** The outcome of an effect is there, for the next turn. */
  readonly onOutcome: () => void;
}

/**
 * Runs the turns of one actor: takes what has come up, applies it together, writes it, and only then answers. What
 * throws anywhere between is forgotten with `forget`; the stored state and the mailbox then tell what has happened.
 */
export class TurnRunner {
  readonly #options: TurnRunnerOptions;
  readonly #effects: EffectRunner;
  readonly #reads: ReadRunner;
  readonly #stored: StoredActor;
  readonly #messages: MessagesInHand;
  #outcomes: EffectResult[] = [];
  /** What the turn under way has taken up. */
  #underWay: Pick<TurnInput, 'outcomes' | 'deliveries'> = { outcomes: [], deliveries: [] };
  /** The store refused what came of several outcomes or messages: which of them it was shows one by one. */
  #oneByOne = false;
  /** When the first message of the turn under way was sent, and when that began. */
  #sentAt: number | undefined;
  #begunAt = 0;
  #ended = false;
  #abandoned = false;
  /** While what is known is more than what is stored. */
  #postponed: PostponedWrite | undefined;

  constructor(options: TurnRunnerOptions) {
    const { kernel, hosted, address, lease, onOutcome } = options;
    this.#options = options;
    this.#stored = new StoredActor(hosted, address.key, kernel.clock);
    this.#messages = new MessagesInHand(kernel, address, lease);
    this.#reads = new ReadRunner(kernel, hosted.actor, address);
    this.#effects = new EffectRunner({
      actor: hosted.actor,
      actorId: address.id,
      key: address.key,
      clock: kernel.clock,
      logger: kernel.logger,
      limiter: kernel.effectLimiter,
      refs: kernel.refs,
      intercept: kernel.interceptEffect,
      effectTimeoutMs: kernel.limits.effectTimeoutMs,
      onOutcome: (effect, outcome) => {
        this.#outcomes.push({ effect, outcome });
        onOutcome();
      },
      onEnded: (effect, ms, outcome) =>
        kernel.observer.effectEnded?.({
          actor: address,
          effect,
          ms,
          ...(outcome.ok ? {} : { code: codeOf(outcome.error) }),
        }),
    });
  }

  /** There may be something in the mailbox, or here is the message itself. */
  wake(inlined?: InlinedMessage): void {
    this.#messages.wake(inlined);
  }

  /** Takes an ask of this process, unless something of the mailbox comes before it: then it goes there. */
  take(ask: () => NearAsk): boolean {
    return this.#messages.take(ask);
  }

  /** Whether there is something for a turn. */
  get hasWork(): boolean {
    return this.#messages.hasWork || this.#outcomes.length > 0 || this.#postponed?.isDue === true;
  }

  /** Whether there is something for a turn now or soon: it does not pay to leave memory. */
  get isBusy(): boolean {
    return this.#outcomes.length > 0 || this.#messages.isBusy(this.#stored.known?.effects ?? []);
  }

  /** Of the mailbox. */
  get inHand(): readonly Delivery[] {
    return this.#messages.ofMailbox;
  }

  /** Of the first message that the last turn had in hand. */
  get waited(): { readonly waitedMs?: number } {
    return this.#sentAt === undefined ? {} : { waitedMs: Math.max(0, this.#begunAt - this.#sentAt) };
  }

  /** What the next turn takes up, as far as it is here. */
  get size(): { readonly messages: number; readonly outcomes: number } {
    return { messages: this.#messages.size, outcomes: this.#outcomes.length };
  }

  /**
   * Loads the state if need be, and takes messages.
   * @throws ParkedError, FencedError, UnreadableError, UnparsableError
   */
  async prepare(): Promise<ActorRecord> {
    const isNew = this.#stored.known === undefined;
    this.#sentAt = undefined;
    const record = await this.#messages.receive(this.#stored.load(), this.#messagesPerTurn());
    // The mailbox tells whether it is parked: then its effects rest, too.
    if (isNew && !this.#ended) this.#effects.sync(record.effects, true);
    return record;
  }

  /**
   * One turn, on what `prepare` returned. `left`: some outcome could not be taken up, and is tried again. `parked`: the
   * actor rests from now on.
   */
  async run(before: ActorRecord): Promise<'taken' | 'left' | 'parked'> {
    const { kernel, hosted, address, lease, failures } = this.#options;
    // A copy: those that arrive during the write are for the next turn.
    const outcomes = this.#outcomes.slice(0, this.#oneByOne ? 1 : undefined);
    const takesMessages = !this.#oneByOne || outcomes.length === 0;
    const { unended } = this.#messages;
    const hand = takesMessages ? this.#messages.next(this.#messagesPerTurn()) : [];
    this.#sentAt = hand[0]?.envelope.sentAt;
    this.#begunAt = kernel.clock.now();
    const together = togetherOf(hand);
    const { changing, reading } = split(hosted.actor, together);
    this.#underWay = { outcomes, deliveries: [...unended, ...changing] };
    const { draft, done, untaken, left, poison, stuck } = await this.#apply(before, outcomes, changing);
    const mayPostpone = untaken.length + left.length === 0 && this.#mayPostpone(outcomes, hand);
    if (mayPostpone && isPostponable(draft, kernel.clock.now())) {
      this.#postpone(draft);
      this.#outcomes = this.#outcomes.slice(outcomes.length);
      for (const { effect } of outcomes) failures.ofOutcomes.delete(effect.run);
      return 'taken';
    }
    const stored = this.#stored.storedState;
    const wasWritten = draft.changed && (await this.#write(draft));
    if (wasWritten) {
      kernel.observer.stateWritten?.({ actor: address, before: stored, after: draft.record.state });
    }
    const record = draft.changed ? draft.record : before;
    this.#outcomes = [...untaken, ...this.#outcomes.slice(outcomes.length)];
    for (const one of outcomes) if (!untaken.includes(one)) failures.ofOutcomes.delete(one.effect.run);
    if (together.length > 0 || draft.changed) {
      await hosted.actor.definition.project?.(address.key, record.state, this.#stored.version);
    }
    this.#checkPlace();
    if (poison !== undefined && hosted.actor.definition.onPoison === 'park') {
      await park(kernel, address, lease, poison);
      return 'parked';
    }
    if (stuck !== undefined) {
      if (draft.changed) await this.#answer(draft.replies);
      await parkAtItself(kernel, address, lease, stuck);
      this.#messages.giveBack();
      return 'parked';
    }
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
    const confirmed = this.#messages.confirm(record.effects, handled, this.#messagesPerTurn());
    const [taken] = await Promise.all([confirmed, answered]);
    if (waitsForLease) this.#checkPlace();
    this.#messages.settle(handled, taken);
    await this.#answer(answered === undefined ? [...draft.replies, ...read.replies] : read.replies);
    const dead = poison === undefined ? read.dead : [poison, ...read.dead];
    for (const one of dead) reportDeadLetter(kernel, address, one);
    for (const { jobId } of acks) failures.ofMessages.delete(jobId);
    const ended = [...unended, ...changing].filter((one) => !handled.left.includes(one));
    const hasEnded = (id: string) => ended.some((one) => one.envelope.id === id);
    this.#stored.trim((known) => withoutUnchanging(known, hasEnded));
    const [first] = this.#messages.ofMailbox;
    const failed = first !== undefined && failures.ofMessages.has(first.jobId);
    if (failed || untaken.length > 0) failures.retryLater();
    return untaken.length === 0 ? 'taken' : 'left';
  }

  /** A turn failed. Whether a write or an ack of it happened is not known: only the store and the mailbox can tell. */
  forget(error: unknown): void {
    if (error instanceof RefusedError) {
      const { failures } = this.#options;
      const { ofMessages } = failures;
      const { outcomes, deliveries } = this.#underWay;
      if (outcomes.length + deliveries.length === 1) {
        for (const { effect } of outcomes) failedAgain(failures.ofOutcomes, effect.run, error);
        for (const { jobId } of deliveries) failedAgain(ofMessages, jobId, error);
      }
      this.#oneByOne = true;
    }
    this.#stored.forget();
    this.#writeDone();
    this.#messages.forget();
  }

  /** Another activation takes the actor's place: the turn under way answers nobody. */
  abandon(): void {
    this.#abandoned = true;
    this.#messages.giveBack();
  }

  /** @throws AbandonedError */
  #checkPlace(): void {
    if (this.#abandoned) throw new AbandonedError();
  }

  /**
   * No effect runs any more, nor starts; what is being read is read again by the next owner. `isIdle`: no turn is under
   * way that would write what waits to be written.
   */
  end({ isIdle }: { readonly isIdle: boolean }): void {
    this.#ended = true;
    if (isIdle) this.#messages.giveBack();
    else this.#messages.giveBackWaiting();
    this.#postponed?.end();
    this.#effects.stopAll();
    this.#reads.stopAll();
  }

  #apply(record: ActorRecord, outcomes: readonly EffectResult[], deliveries: readonly Delivery[]) {
    const { kernel, hosted, address, lease, failures } = this.#options;
    const { clock, newId, logger, interceptHandle } = kernel;
    const { actor } = hosted;
    const messages = actor.contract.messages as MessageSpecs;
    const tags = (actor.definition.tags ?? {}) as TagSchemas;
    const { id: actorId, type, key } = address;
    return handleTogether(kernel, address, lease, deliveries, failures, () => {
      const now = clock.now();
      const input = { outcomes, deliveries, unwritten: this.#stored.isUnwritten };
      const initial = () => initialState(actor, key, now);
      const context = { actorId, type, key, now, newId, messages, tags, initial, logger, interceptHandle };
      const result = applyTurn(actor, record, input, context, failures);
      return { ...result, draft: completed(result.draft, now) };
    });
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
    this.#checkPlace();
    return result;
  }

  async #answer(replies: readonly AddressedReply[]): Promise<void> {
    const { kernel } = this.#options;
    await Promise.all(replies.map(({ inbox, reply }) => kernel.replies.send(inbox, reply)));
  }

  /** Returns whether the store was told: it is not of what has come to nothing before anything was stored. */
  async #write(draft: TurnDraft): Promise<boolean> {
    const { address, lease } = this.#options;
    if (!lease.isHeld()) throw new FencedError(address, lease);
    let wasWritten: boolean;
    try {
      wasWritten = await this.#stored.write(draft);
    } catch (error) {
      if (error instanceof StaleError) this.#oneByOne = false;
      throw error;
    }
    this.#oneByOne = false;
    this.#writeDone();
    if (!this.#ended) this.#effects.sync(draft.record.effects);
    return wasWritten;
  }

  /**
   * Only of one outcome or one message, so that the same comes again. What follows from a message that is not written
   * yet is written: that message may come to another node, which could not tell that more has happened.
   */
  #mayPostpone(outcomes: readonly EffectResult[], hand: readonly Delivery[]): boolean {
    const isDue = this.#postponed?.isDue === true || this.#messages.unended.length > 0;
    if (isDue || this.#oneByOne || this.#ended || outcomes.length + hand.length !== 1) return false;
    return hand.length === 0 || (this.#messages.isAlone(hand) && !this.#stored.isUnwritten);
  }

  /**
   * If the node dies before the write, the outcome or the message comes again, and leads to the same effects under the
   * same ids.
   */
  #postpone(draft: TurnDraft): void {
    const { kernel, failures, onOutcome } = this.#options;
    this.#checkPlace();
    this.#postponed ??= new PostponedWrite(kernel.clock, kernel.limits.postponeMs, onOutcome);
    this.#messages.keepUntilWritten();
    for (const { jobId } of this.#messages.unended) failures.ofMessages.delete(jobId);
    this.#stored.postpone(draft);
    this.#effects.sync(draft.record.effects);
  }

  #writeDone(): void {
    this.#postponed?.end();
    this.#postponed = undefined;
  }

  #messagesPerTurn(): number {
    return this.#oneByOne ? 1 : this.#options.kernel.limits.messagesPerTurn;
  }
}
