import type { NearAsk } from '../mailbox/near-ask.ts';
import { FencedError, type Delivery, type InlinedMessage } from '../mailbox/mailbox.ts';
import type { ActorRecord, StoredActor as StoredActorRecord } from '../storage/state-store.ts';
import { ActorEffects, type ActorEffectsOptions } from './actor-effects.ts';
import { applyTurn, failedAgain, type TurnResult } from './apply-turn.ts';
import { handleTogether, togetherOf } from './crash-loop.ts';
import { MessagesInHand } from './messages-in-hand.ts';
import { PostponedWrite } from './postponed-write.ts';
import { split } from './read-runner.ts';
import { RefusedError, StaleError, StoredActor } from './stored-actor.ts';
import { tellFailed } from './tell-failed.ts';
import { completed, isPostponable, type TurnDraft } from './turn-draft.ts';
import { nothingTaken, type TakenUp } from './taken-up.ts';
import { turnContext } from './turn-context.ts';
import { TurnEnd, type TurnEndOptions } from './turn-end.ts';

export type TurnRunnerOptions = TurnEndOptions & ActorEffectsOptions;

/** How much there is for a turn. */
export interface TurnSize {
  readonly messages: number;
  readonly outcomes: number;
}

/**
 * Runs the turns of one actor: takes what has come up, applies it together, writes it, and only then answers. What
 * throws anywhere between is forgotten with `forget`; the stored state and the mailbox then tell what has happened.
 */
export class TurnRunner {
  readonly #options: TurnRunnerOptions;
  readonly #effects: ActorEffects;
  readonly #end: TurnEnd;
  readonly #stored: StoredActor;
  readonly #messages: MessagesInHand;
  /** What the turn under way has taken up. */
  #underWay: TakenUp = nothingTaken;
  /** The store refused what came of several outcomes or messages: which of them it was shows one by one. */
  #oneByOne = false;
  /** When the first message of the turn under way was sent, and when that began. */
  #sentAt: number | undefined;
  #begunAt = 0;
  #ended = false;
  /** While what is known is more than what is stored. */
  #postponed: PostponedWrite | undefined;

  constructor(options: TurnRunnerOptions) {
    const { kernel, hosted, address, lease } = options;
    this.#options = options;
    this.#stored = new StoredActor(hosted, address.key, kernel.clock);
    this.#messages = new MessagesInHand(kernel, address, lease);
    this.#end = new TurnEnd(options, this.#messages, this.#stored);
    this.#effects = new ActorEffects(options);
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
    return this.#messages.hasWork || this.#effects.outcomes.length > 0 || this.#postponed?.isDue === true;
  }

  /** Whether there is something for a turn now or soon: it does not pay to leave memory. */
  get isBusy(): boolean {
    return this.#effects.outcomes.length > 0 || this.#messages.isBusy(this.#stored.known?.effects ?? []);
  }

  /** What is known of the stored record. */
  get known(): StoredActorRecord | undefined {
    const { known: record, version, updatedAt } = this.#stored;
    return record && { record, version, ...(updatedAt !== undefined && { updatedAt }) };
  }

  get isUnwritten(): boolean {
    return this.#stored.isUnwritten;
  }

  /** Of the mailbox. */
  get inHand(): readonly Delivery[] {
    return this.#messages.ofMailbox;
  }

  /** Of the first message that the last turn had in hand. */
  get waitedMs(): number | undefined {
    return this.#sentAt === undefined ? undefined : Math.max(0, this.#begunAt - this.#sentAt);
  }

  /** What the next turn takes up, as far as it is here. */
  get size(): TurnSize {
    return { messages: this.#messages.size, outcomes: this.#effects.outcomes.length };
  }

  /**
   * Loads the state if need be, and takes messages.
   * @throws ParkedError, FencedError, UnreadableError, UnparsableError
   */
  async prepare(): Promise<ActorRecord> {
    const isNew = this.#stored.known === undefined;
    this.#sentAt = undefined;
    const { createdBy } = this.#options.hosted.actor.definition;
    if (
      createdBy !== undefined &&
      this.#stored.mayBeAssumed &&
      (await this.#messages.beginsWith(createdBy))
    ) {
      return this.#stored.assumeNew();
    }
    const record = await this.#messages.receive(this.#stored.load(), this.#messagesPerTurn());
    // The mailbox tells whether it is parked: then its effects rest, too.
    if (isNew && !this.#ended) this.#effects.sync(record.effects, true);
    return record;
  }

  /**
   * One turn, on what `prepare` returned. `left`: some outcome could not be taken up, and is tried again. `parked`: the
   * actor rests from now on.
   */
  async run(prepared: ActorRecord): Promise<'taken' | 'left' | 'parked'> {
    const { kernel, hosted, address, failures } = this.#options;
    const taken = this.#takeUp();
    let before = prepared;
    const applied = this.#apply(before, taken);
    let result = applied instanceof Promise ? await applied : applied;
    let wasWritten = false;
    if (this.#stored.isAssumed) {
      wasWritten = await this.#confirm(result);
      if (!wasWritten) {
        before = await this.#loadAfterAll();
        result = await this.#apply(before, taken);
      }
    }
    const { draft, untaken } = result;
    tellFailed(kernel.observer, address, failures, result);
    if (!wasWritten && this.#mayPostpone(taken, result)) {
      this.#postpone(taken, draft);
      this.#underWay = nothingTaken;
      return 'taken';
    }
    if (draft.changed && !wasWritten) wasWritten = await this.#write(draft);
    const record = draft.changed ? draft.record : before;
    this.#effects.drop(taken.outcomes, untaken);
    const { definition } = hosted.actor;
    if (definition.project !== undefined && (taken.hand.length > 0 || draft.changed)) {
      await definition.project(address.key, record.state, this.#stored.version);
    }
    this.#end.checkPlace();
    if (this.#end.isToPark(result)) {
      await this.#end.park(result);
      return 'parked';
    }
    await this.#end.endMessages(taken, result, { record, wasWritten, max: this.#messagesPerTurn() });
    this.#underWay = nothingTaken;
    const [first] = this.#messages.ofMailbox;
    const failed = first !== undefined && failures.ofMessages.has(first.jobId);
    if (failed || untaken.length > 0) failures.retryLater();
    return untaken.length === 0 ? 'taken' : 'left';
  }

  #takeUp(): TakenUp {
    const { kernel, hosted } = this.#options;
    const outcomes = this.#oneByOne ? this.#effects.outcomes.slice(0, 1) : this.#effects.outcomes;
    const takesMessages = !this.#oneByOne || outcomes.length === 0;
    const { unended } = this.#messages;
    const hand = takesMessages ? this.#messages.next(this.#messagesPerTurn()) : nothingTaken.hand;
    this.#sentAt = hand[0]?.envelope.sentAt;
    this.#begunAt = kernel.clock.now();
    const { changing, reading } = split(hosted.actor, togetherOf(hand));
    return (this.#underWay = { outcomes, unended, hand, changing, reading });
  }

  /** A turn failed. Whether a write or an ack of it happened is not known: only the store and the mailbox can tell. */
  forget(error: unknown): void {
    if (error instanceof StaleError) this.#oneByOne = false;
    if (error instanceof RefusedError) {
      const { ofMessages, ofOutcomes } = this.#options.failures;
      const { outcomes, unended, changing } = this.#underWay;
      const messages = [...unended, ...changing];
      if (outcomes.length + messages.length === 1) {
        for (const { effect } of outcomes) failedAgain(ofOutcomes, effect.run, error);
        for (const { jobId } of messages) failedAgain(ofMessages, jobId, error);
      }
      this.#oneByOne = true;
    }
    this.#underWay = nothingTaken;
    this.#stored.forget();
    this.#writeDone();
    this.#messages.forget();
  }

  /** Another activation takes the actor's place: the turn under way answers nobody. */
  abandon(): void {
    this.#end.abandon();
    this.#messages.giveBack();
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
    this.#end.stopReading();
  }

  #apply(record: ActorRecord, { outcomes, changing: deliveries }: TakenUp): TurnResult | Promise<TurnResult> {
    const { kernel, hosted, address, lease, failures } = this.#options;
    return handleTogether(kernel, address, lease, deliveries, failures, () => {
      const context = turnContext(kernel, hosted.actor, address);
      const input = { outcomes, deliveries, unwritten: this.#stored.isUnwritten };
      const result = applyTurn(hosted.actor, record, input, context, failures);
      return { ...result, draft: completed(result.draft, context.now) };
    });
  }

  /**
   * Writes what was made of an assumed record. Returns whether that shows that the record was right: not where something
   * is stored after all, nor where there is nothing to write.
   */
  async #confirm({ draft }: TurnResult): Promise<boolean> {
    try {
      return draft.changed && (await this.#write(draft));
    } catch (error) {
      if (error instanceof StaleError) return false;
      throw error;
    }
  }

  /**
   * What was assumed was not confirmed, and nothing that followed from it counts, failures included.
   * @throws UnreadableError, UnparsableError, AbandonedError
   */
  async #loadAfterAll(): Promise<ActorRecord> {
    const { kernel, address, failures } = this.#options;
    kernel.logger.debug({ actor: address.id }, 'there may be something stored of the actor: it is loaded');
    failures.ofMessages.clear();
    this.#stored.forget();
    const record = await this.#stored.load();
    this.#end.checkPlace();
    if (!this.#ended) this.#effects.sync(record.effects, true);
    return record;
  }

  /** Returns whether the store was told: it is not of what has come to nothing before anything was stored. */
  async #write(draft: TurnDraft): Promise<boolean> {
    const { kernel, address, lease } = this.#options;
    const before = this.#stored.storedState;
    if (!lease.isHeld()) throw new FencedError(address, lease);
    const wasWritten = await this.#stored.write(draft);
    this.#oneByOne = false;
    this.#writeDone();
    if (!this.#ended) this.#effects.sync(draft.record.effects);
    if (wasWritten) kernel.observer.stateWritten?.({ actor: address, before, after: draft.record.state });
    return wasWritten;
  }

  /**
   * Only of one outcome or one message, so that the same comes again. What follows from a message that is not written
   * yet is written: that message may come to another node, which could not tell that more has happened.
   */
  #mayPostpone({ outcomes, hand }: TakenUp, { draft, untaken, left }: TurnResult): boolean {
    const isDue = this.#postponed?.isDue === true || this.#messages.unended.length > 0;
    if (isDue || this.#oneByOne || this.#ended || untaken.length + left.length > 0) return false;
    if (outcomes.length + hand.length !== 1 || !isPostponable(draft, this.#options.kernel.clock.now()))
      return false;
    return hand.length === 0 || (this.#messages.isAlone(hand) && !this.#stored.isUnwritten);
  }

  /**
   * If the node dies before the write, the outcome or the message comes again, and leads to the same effects under the
   * same ids.
   */
  #postpone({ outcomes, hand }: TakenUp, draft: TurnDraft): void {
    const { kernel, failures, onOutcome } = this.#options;
    this.#end.checkPlace();
    this.#postponed ??= new PostponedWrite(kernel.postponedWrites, onOutcome);
    this.#messages.keepUntilWritten();
    for (const { jobId } of hand) failures.ofMessages.delete(jobId);
    this.#stored.postpone(draft);
    this.#effects.drop(outcomes);
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
