import type { Cancel, Clock } from '../define/clock.ts';
import { ActorError } from '../define/errors.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { StoredAnswer } from '../storage/state-store.ts';

export interface AskLimits {
  /** The message, as it lies in its mailbox. */
  readonly to: ActorAddress;
  readonly jobId: string;
  /** `cart 42: AddItem`, for the error. */
  readonly what: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One caller that waits for an answer, until its time is over or it gives up. */
export class PendingAsk {
  readonly answered: Promise<StoredAnswer>;
  readonly to: ActorAddress;
  readonly jobId: string;
  /** Since when it waits, monotonic. */
  readonly since: number;
  /** Its message is in the mailbox. */
  isSent = false;
  readonly #what: string;
  readonly #signal: AbortSignal | undefined;
  readonly #cancelTimeout: Cancel;
  #resolve: (answer: StoredAnswer) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #over = false;

  constructor({ to, jobId, what, clock, timeoutMs, signal }: AskLimits) {
    this.to = to;
    this.jobId = jobId;
    this.since = clock.monotonic();
    this.#what = what;
    this.#signal = signal;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#cancelTimeout = clock.schedule(timeoutMs, () =>
      this.#expire(`was not answered within ${timeoutMs} ms`),
    );
    if (signal?.aborted === true) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get shard(): number {
    return this.to.shard;
  }

  /** Nobody waits any more. */
  get over(): boolean {
    return this.#over;
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
    this.fail(new ActorError('unavailable', `${this.#what} ${sentence}: ${reason}`, { details: { reason } }));
  }

  readonly #onAbort = (): void => this.#expire('was given up by its caller');

  #expire(sentence: string): void {
    this.fail(new ActorError('deadline_exceeded', `${this.#what} ${sentence}; its outcome is unknown`));
  }

  #end(): void {
    this.#over = true;
    this.#cancelTimeout();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
