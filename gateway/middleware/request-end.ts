import type { ActorError } from '@trolley/runtime';

/** The end of a request before its answer, for whoever works on it: at most one, and never taken back. */
export class RequestEnd {
  #reason: ActorError | undefined;
  #controller: AbortController | undefined;
  #tell: ((reason: ActorError) => void) | undefined;

  /** Aborts at the end. Made for the first who asks for it, which most requests never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  comes(reason: ActorError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#tell?.(reason);
  }

  /** What `work` comes to, or the reason of the end if that is first; then `work` goes on by itself. */
  before<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) reject(this.#reason);
      this.#tell = reject;
      work.then(resolve, reject);
    });
  }
}
