import { levelOfRetry } from '../observe/reason.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import { FencedError, ParkedError, type InlinedMessage, type ShardLease } from '../mailbox/mailbox.ts';
import type { NearAsk } from '../mailbox/near-ask.ts';
import type { ActorView } from './actor-view.ts';
import { Failures } from './failures.ts';
import type { Kernel } from './kernel.ts';
import { parkAtItself, refuseAsks } from './refuse.ts';
import { StaleError, UnparsableError, UnreadableError, type HostedActor } from './stored-actor.ts';
import { TurnRunner } from './turn-runner.ts';

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
  readonly #hosted: HostedActor;
  readonly #kernel: Kernel;
  /** It gave itself up. */
  readonly #onEnded: (activation: Activation) => void;
  readonly #turns: TurnRunner;
  readonly #failures: Failures;
  #scheduled = false;
  #turn: Promise<void> | undefined;
  #ended = false;
  #usedAt: number;
  readonly #since: number;

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
    this.#hosted = hosted;
    this.#kernel = kernel;
    this.#usedAt = kernel.clock.monotonic();
    this.#since = kernel.clock.now();
    const schedule = () => this.#schedule();
    this.#failures = new Failures(kernel, schedule);
    this.#turns = new TurnRunner({
      ...{ kernel, hosted, address, lease, failures: this.#failures, onOutcome: schedule },
    });
  }

  /** There may be something in the mailbox, or here is the message itself. */
  wake(inlined?: InlinedMessage): void {
    this.#turns.wake(inlined);
    if (this.#failures.turns === 0) this.#schedule();
  }

  /** Takes an ask of this process; false when it has to go through the mailbox. */
  take(ask: () => NearAsk): boolean {
    if (this.#ended || this.#failures.turns > 0 || !this.#turns.take(ask)) return false;
    this.#schedule();
    return true;
  }

  /** Milliseconds since the last turn; 0 while anything is under way or due soon. */
  idleMs(): number {
    const busy =
      this.#scheduled || this.#turn !== undefined || this.#failures.turns > 0 || this.#turns.isBusy;
    return busy ? 0 : this.#kernel.clock.monotonic() - this.#usedAt;
  }

  /** As an operator sees it. */
  view(): Omit<ActorView, 'problem'> {
    return {
      activation: { since: this.#since, idleMs: this.idleMs(), failedTurns: this.#failures.turns },
      stored: this.#turns.known,
      isUnwritten: this.#turns.isUnwritten,
      outcomes: this.#failures.ofOutcomes,
    };
  }

  /** Whether it did nothing for as long as its type, or any type on this node, stays in memory. */
  get isIdleTooLong(): boolean {
    const { idleMs = Infinity } = this.#hosted.actor.definition;
    return this.idleMs() >= Math.min(idleMs, this.#kernel.limits.idleMs);
  }

  /** Ends after the turn under way. What is in hand stays in the mailbox for the next owner. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#failures.cancelRetry();
    this.#turns.end({ isIdle: this.#turn === undefined });
    await this.#turn;
  }

  #schedule(): void {
    // Never beside a turn that runs: that one looks again when it ends.
    if (this.#scheduled || this.#turn !== undefined || this.#ended) return;
    this.#scheduled = true;
    void this.#kernel.turnLimiter.run(() => this.#begin());
  }

  async #begin(): Promise<void> {
    this.#scheduled = false;
    if (this.#ended) return;
    this.#turn = this.#run();
    try {
      await this.#turn;
    } finally {
      this.#turn = undefined;
      this.#usedAt = this.#kernel.clock.monotonic();
    }
    if (this.#failures.turns === 0 && this.#turns.hasWork) this.#schedule();
  }

  async #run(): Promise<void> {
    const { clock, limits, logger, observer, turnDeadlines } = this.#kernel;
    const startedAt = clock.monotonic();
    let failure: unknown;
    let size = this.#turns.size;
    const cancelDeadline = turnDeadlines.set(() => this.#abandon());
    try {
      if (!this.lease.isHeld()) throw new FencedError(this.address, this.lease);
      const record = await this.#turns.prepare();
      size = this.#turns.size;
      const ended = await this.#turns.run(record);
      if (ended === 'parked') return this.#giveUp();
      this.#failures.forgetVanished(this.#turns.inHand);
      if (ended === 'taken') this.#failures.succeeded();
    } catch (error) {
      if (error instanceof ParkedError) return this.#giveUp();
      failure = error;
      if (error instanceof UnparsableError && (await this.#park(error))) return;
      const failingMs = this.#failures.add(startedAt);
      this.#onFailure(error);
      if (error instanceof UnreadableError && failingMs > limits.storePatienceMs) await this.#refuseAsks();
    } finally {
      cancelDeadline();
      const ms = clock.monotonic() - startedAt;
      if (ms > limits.slowTurnMs)
        logger.warn({ actor: this.address.id, ms: Math.round(ms), ...size }, 'a slow turn');
      observer.turnEnded?.({
        actor: this.address,
        messages: size.messages,
        outcomes: size.outcomes,
        ms,
        waitedMs: this.#turns.waitedMs,
        isRetried: !this.#ended && this.#failures.turns > 0,
        error: failure,
      });
    }
  }

  #onFailure(error: unknown): void {
    this.#turns.forget(error);
    if (this.#ended) return;
    const { logger } = this.#kernel;
    const actor = this.address.id;
    if (error instanceof FencedError) {
      logger.info({ actor, lease: this.lease.token }, 'lease lost; actor given up');
      this.#giveUp();
      return;
    }
    const about = { err: error, actor, failures: this.#failures.turns + 1 };
    const level = error instanceof StaleError ? 'info' : levelOfRetry(error);
    logger[level](about, 'a turn did not happen and is tried again');
    this.#failures.retryLater();
  }

  /** Whether the actor is parked now: then it leaves memory, and comes back when it is released. */
  async #park(error: UnparsableError): Promise<boolean> {
    try {
      if (this.#ended || !this.lease.isHeld()) return false;
      await parkAtItself(this.#kernel, this.address, this.lease, { error, attempts: 0 });
    } catch (cause) {
      // Whoever owned it before has parked it: it rests all the same.
      if (!(cause instanceof ParkedError)) {
        this.#kernel.logger.debug(
          { err: cause, actor: this.address.id },
          'the actor could not be parked yet',
        );
        return false;
      }
    }
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
    this.#turns.abandon();
    this.#giveUp();
  }

  #giveUp(): void {
    this.#ended = true;
    // Its turn has failed or is over.
    this.#turns.end({ isIdle: false });
    this.#onEnded(this);
  }
}
