import type { Cancel } from '../define/clock.ts';
import type { MessageSpecs } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { levelOfRetry } from '../observe/reason.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import { FencedError, type InlinedMessage, type Delivery, type ShardLease } from '../mailbox/mailbox.ts';
import type { ActorRecord } from '../storage/state-store.ts';
import { applyTurn, quarantine, failedAgain, type Failure, type EffectResult } from './apply-turn.ts';
import { EffectRunner } from './effect-runner.ts';
import type { Kernel } from './kernel.ts';
import { OwnedMailbox } from './owned-mailbox.ts';
import { park, reportDeadLetter } from './poison.ts';
import { parkUnparsable, refuseAsks } from './refuse.ts';
import {
  RefusedError,
  StaleError,
  StoredActor,
  UnparsableError,
  UnreadableError,
  type HostedActor,
} from './stored-actor.ts';
import { handleTogether, togetherOf } from './crash-loop.ts';
import { completed, withoutUnchanging, type TurnDraft } from './turn-draft.ts';

/** The turn took so long that another activation has taken the actor's place. */
class AbandonedError extends Error {}

const firstRetryMs = 20;
const longestRetryMs = 5_000;

/**
 * One actor in one node's memory: takes its messages, one turn at a time, and performs its effects between turns.
 *
 * Everything that goes wrong between taking a message and finishing it ends the same way: what is in memory is
 * forgotten, the stored state is loaded again, and the same messages are applied to it; those that had been
 * applied are recognised by their ids.
 */
export class Activation {
  readonly address: ActorAddress;
  readonly lease: ShardLease;
  readonly #kernel: Kernel;
  readonly #hosted: HostedActor;
  /** It gave itself up. */
  readonly #onEnded: (activation: Activation) => void;
  readonly #effects: EffectRunner;
  readonly #stored: StoredActor;
  readonly #mailbox: OwnedMailbox;
  #inHand: readonly Delivery[] = [];
  #outcomes: EffectResult[] = [];
  #scheduled = false;
  #turn: Promise<void> | undefined;
  #ended = false;
  #abandoned = false;
  #failures = 0;
  /** When the first of the failures began. */
  #failingSince = 0;
  /** By job id. */
  #messageFailures = new Map<string, Failure>();
  /** The store refused what came of several messages: which of them it was shows one by one. */
  #oneByOne = false;
  #cancelRetry: Cancel = () => undefined;
  #usedAt: number;

  constructor(
    kernel: Kernel,
    hosted: HostedActor,
    address: ActorAddress,
    lease: ShardLease,
    onEnded: (activation: Activation) => void,
  ) {
    this.#onEnded = onEnded;
    this.address = address;
    this.lease = lease;
    this.#kernel = kernel;
    this.#hosted = hosted;
    this.#usedAt = kernel.clock.monotonic();
    this.#stored = new StoredActor(hosted, address.key, kernel.clock);
    this.#mailbox = new OwnedMailbox(kernel, address, lease);
    this.#effects = new EffectRunner({
      actor: hosted.actor,
      actorId: address.id,
      key: address.key,
      clock: kernel.clock,
      logger: kernel.logger,
      limiter: kernel.effectLimiter,
      effectTimeoutMs: kernel.limits.effectTimeoutMs,
      onOutcome: (effect, outcome) => {
        this.#outcomes.push({ effect, outcome });
        this.#schedule();
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
    this.#mailbox.wake(inlined);
    if (this.#failures === 0) this.#schedule();
  }

  /** Milliseconds since the last turn; 0 while anything is under way or due soon. */
  idleMs(): number {
    const busy =
      this.#scheduled ||
      this.#turn !== undefined ||
      this.#inHand.length > 0 ||
      this.#outcomes.length > 0 ||
      this.#mailbox.isExpecting ||
      this.#failures > 0 ||
      this.#mailbox.isDueSoon(this.#stored.known?.effects ?? []);
    return busy ? 0 : this.#kernel.clock.monotonic() - this.#usedAt;
  }

  /** Ends after the turn under way. What is in hand stays in the mailbox for the next owner. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#cancelRetry();
    this.#effects.stopAll();
    await this.#turn;
  }

  #schedule(): void {
    // Never beside a turn that runs: that one looks again when it ends.
    if (this.#scheduled || this.#turn !== undefined || this.#ended) return;
    this.#scheduled = true;
    void this.#kernel.turnLimiter.run(() => {
      this.#scheduled = false;
      if (this.#ended) return Promise.resolve();
      this.#turn = this.#run().finally(() => {
        this.#turn = undefined;
        this.#usedAt = this.#kernel.clock.monotonic();
        if (this.#failures === 0 && this.#hasWork()) this.#schedule();
      });
      return this.#turn;
    });
  }

  async #run(): Promise<void> {
    const { clock, limits, logger, observer } = this.#kernel;
    const startedAt = clock.monotonic();
    let failure: { readonly error?: unknown } = {};
    let report = { messages: this.#inHand.length, outcomes: this.#outcomes.length };
    const cancelDeadline = clock.schedule(limits.turnTimeoutMs, () => this.#abandon());
    try {
      if (!this.lease.isHeld()) throw new FencedError(this.address, this.lease);
      const record = await this.#load();
      if (this.#inHand.length === 0) {
        this.#inHand = await this.#mailbox.receive(record.effects, this.#messagesPerTurn());
      }
      report = { messages: this.#inHand.length, outcomes: this.#outcomes.length };
      const isTaken = await this.#takeTurn(record);
      this.#forgetVanished();
      if (isTaken && this.#messageFailures.size === 0) this.#failures = 0;
    } catch (error) {
      failure = { error };
      if (error instanceof UnparsableError && (await this.#park(error))) return;
      if (this.#failures === 0) this.#failingSince = startedAt;
      this.#onFailure(error);
      if (error instanceof UnreadableError && this.#failingMs() > limits.storePatienceMs)
        await this.#refuseAsks();
    } finally {
      cancelDeadline();
      const ms = Math.round(clock.monotonic() - startedAt);
      if (ms > limits.slowTurnMs) logger.warn({ actor: this.address.id, ms, ...report }, 'a slow turn');
      observer.turnEnded?.({ actor: this.address, ...report, ms, ...failure });
    }
  }

  #hasWork(): boolean {
    return this.#mailbox.isWoken || this.#inHand.length > 0 || this.#outcomes.length > 0;
  }

  /** A message that failed and is not in hand any more is gone from its mailbox: nothing waits for its next try. */
  #forgetVanished(): void {
    for (const jobId of this.#messageFailures.keys()) {
      if (!this.#inHand.some((one) => one.jobId === jobId)) this.#messageFailures.delete(jobId);
    }
  }

  async #load(): Promise<ActorRecord> {
    if (this.#stored.known !== undefined) return this.#stored.known;
    const record = await this.#stored.load();
    this.#effects.sync(record.effects);
    return record;
  }

  /** Whether everything that came up could be taken up. */
  async #takeTurn(before: ActorRecord): Promise<boolean> {
    // A copy: those that arrive during the write are for the next turn.
    const outcomes = [...this.#outcomes];
    const deliveries = togetherOf(this.#inHand);
    const behind = this.#inHand.slice(deliveries.length);
    const { draft, done, untaken, left, poison } = await this.#apply(before, outcomes, deliveries);
    if (draft.changed) await this.#write(draft);
    const record = draft.changed ? draft.record : before;
    this.#outcomes = [...untaken, ...this.#outcomes.slice(outcomes.length)];
    if (deliveries.length > 0 || draft.changed) {
      await this.#hosted.actor.definition.project?.(this.address.key, record.state, this.#stored.version);
    }
    if (this.#abandoned) throw new AbandonedError();
    if (poison !== undefined && this.#hosted.actor.definition.onPoison === 'park') {
      await park(this.#kernel, this.address, this.lease, poison);
      this.#messageFailures.clear();
      this.#inHand = [];
    } else {
      const next = [...left, ...behind];
      // If the turn was written, reply now. If nothing changed, reply only after `ack` has confirmed the lease.
      const answered = draft.changed ? this.#answer(draft) : undefined;
      if (this.#kernel.replies.areApart === true) await answered;
      const finished = this.#mailbox.ack(record.effects, done, next.length > 0 ? 0 : this.#messagesPerTurn());
      const [taken] = await Promise.all([finished, answered]);
      if (!draft.changed) await this.#answer(draft);
      if (poison !== undefined) reportDeadLetter(this.#kernel, this.address, poison);
      for (const { jobId } of done) this.#messageFailures.delete(jobId);
      const hasEnded = (id: string) =>
        deliveries.some((one) => one.envelope.id === id && !next.includes(one));
      this.#stored.trim((known) => withoutUnchanging(known, hasEnded));
      this.#inHand = [...next, ...taken];
    }
    const failed = left[0] !== undefined && this.#messageFailures.has(left[0].jobId);
    if (failed || untaken.length > 0) this.#retryLater();
    return untaken.length === 0;
  }

  #apply(record: ActorRecord, outcomes: readonly EffectResult[], deliveries: readonly Delivery[]) {
    const { clock, newId, logger } = this.#kernel;
    const { actor } = this.#hosted;
    const messages = actor.contract.messages as MessageSpecs;
    const { id: actorId, key } = this.address;
    return handleTogether(this.#kernel, this.address, this.lease, deliveries, (quarantined) => {
      const [suspect] = deliveries;
      if (quarantined !== undefined && suspect !== undefined) {
        quarantine(this.#messageFailures, suspect.jobId, quarantined);
      }
      const now = clock.now();
      const initial = (): unknown => actor.definition.initial(key, now);
      const context = { actorId, key, now, newId, messages, initial, logger };
      const result = applyTurn(actor, record, { outcomes, deliveries }, context, this.#messageFailures);
      return { ...result, draft: completed(result.draft, now) };
    });
  }

  async #answer(draft: TurnDraft): Promise<void> {
    await Promise.all(draft.replies.map(({ inbox, reply }) => this.#kernel.replies.send(inbox, reply)));
  }

  async #write(draft: TurnDraft): Promise<void> {
    if (!this.lease.isHeld()) throw new FencedError(this.address, this.lease);
    try {
      await this.#stored.write(draft);
    } catch (error) {
      if (error instanceof StaleError) this.#oneByOne = false;
      throw error;
    }
    this.#oneByOne = false;
    if (!this.#ended) this.#effects.sync(draft.record.effects);
  }

  #messagesPerTurn(): number {
    return this.#oneByOne ? 1 : this.#kernel.limits.messagesPerTurn;
  }

  #onFailure(error: unknown): void {
    if (error instanceof RefusedError) {
      const [suspect] = this.#inHand;
      if (this.#inHand.length === 1 && suspect !== undefined) {
        failedAgain(this.#messageFailures, suspect.jobId, error);
      }
      this.#oneByOne = true;
    }
    // Whether a write or a finish happened is not known: only the store and the mailbox can tell.
    this.#stored.forget();
    this.#inHand = [];
    this.#mailbox.wake();
    if (this.#ended) return;
    if (error instanceof FencedError) {
      this.#kernel.logger.info(
        { actor: this.address.id, lease: this.lease.token },
        'lease lost; actor given up',
      );
      this.#giveUp();
      return;
    }
    const stale = error instanceof StaleError;
    const about = { err: error, actor: this.address.id, failures: this.#failures + 1 };
    this.#kernel.logger[stale ? 'info' : levelOfRetry(error)](
      about,
      'a turn did not happen and is tried again',
    );
    this.#retryLater();
  }

  #failingMs(): number {
    return this.#kernel.clock.monotonic() - this.#failingSince;
  }

  /** Whether the actor is parked now: then it leaves memory, and comes back when it is released. */
  async #park(error: UnparsableError): Promise<boolean> {
    try {
      if (this.#ended || !this.lease.isHeld()) return false;
      if (!(await parkUnparsable(this.#kernel, this.address, this.lease, error))) return false;
    } catch (cause) {
      this.#kernel.logger.debug({ err: cause, actor: this.address.id }, 'the actor could not be parked yet');
      return false;
    }
    this.#inHand = [];
    this.#giveUp();
    return true;
  }

  async #refuseAsks(): Promise<void> {
    try {
      if (!this.#ended && this.lease.isHeld()) await refuseAsks(this.#kernel, this.address, this.lease);
    } catch (error) {
      this.#kernel.logger.debug({ err: error, actor: this.address.id }, 'those who wait could not be told');
    }
  }

  /** A store or a mailbox hangs. What comes of this turn no longer counts; another activation loads what is stored. */
  #abandon(): void {
    this.#kernel.logger.error({ actor: this.address.id }, 'a turn hangs and is abandoned');
    this.#abandoned = true;
    this.#giveUp();
  }

  #giveUp(): void {
    this.#ended = true;
    this.#effects.stopAll();
    this.#onEnded(this);
  }

  #retryLater(): void {
    this.#failures++;
    const delayMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 10));
    this.#cancelRetry();
    this.#cancelRetry = this.#kernel.clock.schedule(delayMs * (0.75 + this.#kernel.random() / 2), () => {
      this.#cancelRetry = () => undefined;
      this.#schedule();
    });
  }
}
