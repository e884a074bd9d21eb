import type { Cancel } from '../define/clock.ts';
import { backOffMs } from '../flow/back-off.ts';
import type { Delivery } from '../mailbox/mailbox.ts';
import type { EarlierFailures, Failure } from './apply-turn.ts';
import type { Kernel } from './kernel.ts';

/** From 30 to 50 ms at first, about 5 s in the end. */
const retry = { firstMs: 50, maxMs: 6_250, jitter: 0.4 };

const nothing: Cancel = () => undefined;

/** What of an actor's turns and messages has failed of late, and when it is tried again. */
export class Failures implements EarlierFailures {
  readonly ofMessages = new Map<string, Failure>();
  readonly #kernel: Kernel;
  readonly #onRetry: () => void;
  #turns = 0;
  /** When the first of the failures began. */
  #since = 0;
  #cancelRetry: Cancel = nothing;
  /** Made with the first outcome: an actor in memory is to be small. */
  #ofOutcomes: Map<string, Failure> | undefined;

  constructor(kernel: Kernel, onRetry: () => void) {
    this.#kernel = kernel;
    this.#onRetry = onRetry;
  }

  get ofOutcomes(): Map<string, Failure> {
    return (this.#ofOutcomes ??= new Map());
  }

  /** Turns that failed since one went well; until their retry is due, nothing else begins one. */
  get turns(): number {
    return this.#turns;
  }

  /** A turn that began then has failed. Returns for how many milliseconds they have been failing. */
  add(startedAt: number): number {
    if (this.#turns === 0) this.#since = startedAt;
    return this.#kernel.clock.monotonic() - this.#since;
  }

  /** Everything that came up in a turn was taken up. */
  succeeded(): void {
    if (this.ofMessages.size === 0) this.#turns = 0;
  }

  /** A message that failed and is not in hand any more is gone from its mailbox: nothing waits for its next try. */
  forgetVanished(inHand: readonly Delivery[]): void {
    if (this.ofMessages.size === 0) return;
    for (const jobId of this.ofMessages.keys()) {
      if (!inHand.some((one) => one.jobId === jobId)) this.ofMessages.delete(jobId);
    }
  }

  retryLater(): void {
    const { clock, random } = this.#kernel;
    const delayMs = backOffMs(retry, this.#turns++, random);
    this.cancelRetry();
    this.#cancelRetry = clock.schedule(delayMs, () => {
      this.#cancelRetry = nothing;
      this.#onRetry();
    });
  }

  cancelRetry(): void {
    this.#cancelRetry();
  }
}
