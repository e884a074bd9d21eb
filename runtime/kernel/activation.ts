import type { AnyActor } from '../define/actor.ts';
import type { Cancel } from '../define/clock.ts';
import { isTrolleyError } from '../define/errors.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import {
  FencedError,
  type CarriedMessage,
  type Delivery,
  type Finished,
  type ShardLease,
} from '../mailbox/mailbox.ts';
import type { ActorRecord, StateStore } from '../storage/state-store.ts';
import { applyTurn, failedAgain, type Failure, type SettledEffect } from './apply-turn.ts';
import { EffectRunner } from './effect-runner.ts';
import type { Kernel } from './kernel.ts';
import { refuseAsks } from './refuse.ts';
import { recordOf } from './stored-record.ts';
import { withoutPassing, type TurnDraft } from './turn-draft.ts';

/** An actor type as a node hosts it. */
export interface HostedActor {
  readonly actor: AnyActor;
  readonly store: StateStore;
}

interface Loaded {
  readonly record: ActorRecord;
  readonly version: number;
}

/** The store holds another version than the one this activation knows. */
class StaleError extends Error {}

/** The store will never take this state: an unknown outcome it is not. */
class RefusedError extends Error {}

/** The store cannot be read, so there was no turn. */
class UnreadableError extends Error {}

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
  #loaded: Loaded | undefined;
  #inHand: readonly Delivery[] = [];
  #outcomes: SettledEffect[] = [];
  #rung = false;
  /** Came with a ring, and is not accepted yet. */
  #carried: CarriedMessage | undefined;
  /** Listed as live in the mailbox for its effects' sake. */
  #listedBusy = false;
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
    });
  }

  /** There may be something in the mailbox, or here is the message itself. */
  ring(carried?: CarriedMessage): void {
    // A second one means that the first has been ended: nothing is carried to an actor with messages.
    if (carried === undefined) this.#rung = true;
    else this.#carried = carried;
    if (this.#failures === 0) this.#schedule();
  }

  /** Milliseconds since the last turn; 0 while anything is under way. */
  idleMs(): number {
    const busy =
      this.#scheduled ||
      this.#turn !== undefined ||
      this.#inHand.length > 0 ||
      this.#outcomes.length > 0 ||
      this.#carried !== undefined ||
      this.#failures > 0 ||
      (this.#loaded?.record.effects.length ?? 0) > 0;
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
    const { clock, limits, logger } = this.#kernel;
    const startedAt = clock.monotonic();
    const messages = this.#inHand.length;
    const cancelDeadline = clock.schedule(limits.turnTimeoutMs, () => this.#abandon());
    try {
      if (!this.lease.isHeld()) throw new FencedError(this.address, this.lease);
      const loaded = await this.#load();
      if (this.#inHand.length === 0) this.#inHand = await this.#receive(loaded);
      const settled = await this.#takeTurn(loaded);
      this.#forgetVanished();
      if (settled && this.#messageFailures.size === 0) this.#failures = 0;
    } catch (error) {
      if (this.#failures === 0) this.#failingSince = startedAt;
      this.#onFailure(error);
      if (error instanceof UnreadableError && this.#failingMs() > limits.storePatienceMs)
        await this.#refuseAsks();
    } finally {
      cancelDeadline();
      const ms = Math.round(clock.monotonic() - startedAt);
      if (ms > limits.slowTurnMs) logger.warn({ actor: this.address.id, ms, messages }, 'a slow turn');
    }
  }

  #hasWork(): boolean {
    return this.#rung || this.#carried !== undefined || this.#inHand.length > 0 || this.#outcomes.length > 0;
  }

  /** The message that came with a ring, else what the mailbox holds. */
  async #receive({ record }: Loaded): Promise<readonly Delivery[]> {
    const { mailbox } = this.#kernel;
    const carried = this.#carried;
    if (carried !== undefined) {
      this.#carried = undefined;
      const delivery = mailbox.accept(carried, this.address, this.lease);
      if (delivery !== undefined) return [delivery];
      this.#rung = true;
    }
    if (!this.#rung) return [];
    this.#rung = false;
    const taken = await mailbox.take(this.address, this.lease, this.#request(record));
    this.#listedBusy = record.effects.length > 0;
    return taken;
  }

  /** A message that failed and is not in hand any more is gone from its mailbox: nothing waits for its next try. */
  #forgetVanished(): void {
    for (const jobId of this.#messageFailures.keys()) {
      if (!this.#inHand.some((one) => one.jobId === jobId)) this.#messageFailures.delete(jobId);
    }
  }

  async #load(): Promise<Loaded> {
    if (this.#loaded !== undefined) return this.#loaded;
    const { actor, store } = this.#hosted;
    const stored = await store.load(this.address.key).catch((cause: unknown) => {
      throw new UnreadableError(`the store cannot be read: ${String(cause)}`, { cause });
    });
    const record = recordOf(actor, this.address.key, this.#kernel.clock.now(), stored?.record);
    this.#loaded = { record, version: stored?.version ?? 0 };
    this.#effects.sync(record.effects);
    return this.#loaded;
  }

  /** Whether everything that came up could be taken up. */
  async #takeTurn(loaded: Loaded): Promise<boolean> {
    // A copy: those that arrive during the write are for the next turn.
    const outcomes = [...this.#outcomes];
    const deliveries = this.#inHand;
    const { clock, newId, logger } = this.#kernel;
    const context = { actorId: this.address.id, key: this.address.key, now: clock.now(), newId };
    const input = { outcomes, deliveries };
    const { draft, done, unsettled, left } = applyTurn(
      this.#hosted.actor,
      loaded.record,
      input,
      context,
      this.#messageFailures,
      logger,
    );
    const { record } = draft.changed ? await this.#write(loaded, draft) : loaded;
    this.#outcomes = [...unsettled, ...this.#outcomes.slice(outcomes.length)];
    if (deliveries.length > 0 || draft.changed) {
      await this.#hosted.actor.definition.project?.(
        this.address.key,
        record.state,
        this.#loaded?.version ?? 0,
      );
    }
    if (this.#abandoned) throw new AbandonedError();
    // What is durable may be answered at once. An answer that rests on memory alone waits for the lease's check.
    const finished = this.#finish(record, done, left.length > 0 ? 0 : undefined);
    const [next] = await Promise.all([finished, draft.changed ? this.#answer(draft) : undefined]);
    if (!draft.changed) await this.#answer(draft);
    for (const { jobId } of done) this.#messageFailures.delete(jobId);
    if (this.#loaded !== undefined) this.#loaded = { ...this.#loaded, record: withoutPassing(record) };
    this.#inHand = [...left, ...next];
    const failed = left[0] !== undefined && this.#messageFailures.has(left[0].jobId);
    if (failed || unsettled.length > 0) this.#retryLater();
    return unsettled.length === 0;
  }

  async #answer(draft: TurnDraft): Promise<void> {
    await Promise.all(draft.replies.map(({ inbox, reply }) => this.#kernel.replies.send(inbox, reply)));
  }

  async #finish(record: ActorRecord, done: readonly Finished[], max?: number): Promise<readonly Delivery[]> {
    const request = this.#request(record, max);
    if (done.length === 0 && this.#listedBusy === request.busy) return [];
    // Finishing looks at the mailbox after every ring heard so far, unless a message is on its way in one.
    if (request.max > 0 && done.length > 0) this.#rung = false;
    const next = await this.#kernel.mailbox.finish(this.address, this.lease, done, request);
    this.#listedBusy = request.busy;
    return next;
  }

  async #write(loaded: Loaded, draft: TurnDraft): Promise<Loaded> {
    if (!this.lease.isHeld()) throw new FencedError(this.address, this.lease);
    const written = await this.#hosted.store
      .write({
        key: this.address.key,
        expectedVersion: loaded.version,
        record: draft.record,
        events: draft.events,
        now: this.#kernel.clock.now(),
      })
      .catch((cause: unknown) => {
        // Anything else may have happened all the same.
        if (!isTrolleyError(cause) || cause.code !== 'internal') throw cause;
        throw new RefusedError(`the store refused the state: ${cause.message}`, { cause });
      });
    this.#oneByOne = false;
    if (!written) throw new StaleError(`${this.address.id}: version ${loaded.version} is not the stored one`);
    this.#loaded = { record: draft.record, version: loaded.version + 1 };
    if (!this.#ended) this.#effects.sync(draft.record.effects);
    return this.#loaded;
  }

  #request(record: ActorRecord, max = this.#oneByOne ? 1 : this.#kernel.limits.messagesPerTurn) {
    return { max, busy: record.effects.length > 0 };
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
    this.#loaded = undefined;
    this.#inHand = [];
    this.#rung = true;
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
    this.#kernel.logger[stale ? 'info' : 'warn'](about, 'a turn did not happen and is tried again');
    this.#retryLater();
  }

  #failingMs(): number {
    return this.#kernel.clock.monotonic() - this.#failingSince;
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
