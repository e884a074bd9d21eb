import type { Cancel, Clock } from '../define/clock.ts';
import { ActorError } from '../define/errors.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Envelope } from '../mailbox/mailbox.ts';
import type { StoredAnswer } from '../storage/state-store.ts';
import type { AskInPassage } from './ask-in-passage.ts';

export interface AskLimits extends Pick<AskInPassage, 'to' | 'jobId' | 'envelope'> {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One caller that waits for an answer, until its time is over or it gives up. */
export class PendingAsk implements AskInPassage {
  readonly answered: Promise<StoredAnswer>;
  readonly to: ActorAddress;
  readonly jobId: string;
  readonly envelope: Envelope;
  /** Since when it waits, monotonic. */
  readonly since: number;
  readonly #cancelTimeout: Cancel;
  /** Stops listening to who may give it up. */
  #unlisten: Cancel | undefined;
  #resolve!: (answer: StoredAnswer) => void;
  #reject!: (error: unknown) => void;
  #over = false;
  #isSent = false;

  constructor({ to, jobId, envelope, clock, timeoutMs, signal }: AskLimits) {
    this.to = to;
    this.jobId = jobId;
    this.envelope = envelope;
    this.since = clock.monotonic();
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#cancelTimeout = clock.schedule(timeoutMs, () =>
      this.#expire(`was not answered within ${timeoutMs} ms`),
    );
    if (signal !== undefined) this.#listen(signal);
  }

  #listen(signal: AbortSignal): void {
    const onAbort = () => this.#expire('was given up by its caller');
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#unlisten = () => signal.removeEventListener('abort', onAbort);
  }

  get shard(): number {
    return this.to.shard;
  }

  /** Nobody waits any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Its message is in the mailbox. */
  get isSent(): boolean {
    return this.#isSent;
  }

  wasSent(): void {
    this.#isSent = true;
  }

  answer(answer: StoredAnswer): void {
    this.#resolve(answer);
    this.#end();
  }

  fail(error: unknown): void {
    this.#reject(error);
    this.#end();
  }

  /** What it was sent to is not there. */
  failUnavailable(sentence: string, reason: string): void {
    this.fail(
      new ActorError('unavailable', `${this.#what()} ${sentence}: ${reason}`, { details: { reason } }),
    );
  }

  #expire(sentence: string): void {
    this.fail(new ActorError('deadline_exceeded', `${this.#what()} ${sentence}; its outcome is unknown`));
  }

  /** `cart 42: AddItem` */
  #what(): string {
    return `${this.to.type} ${this.to.key}: ${this.envelope.name}`;
  }

  #end(): void {
    this.#over = true;
    this.#cancelTimeout();
    this.#unlisten?.();
  }
}
