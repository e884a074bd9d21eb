import { attempt, type Attempt, type Fetch, type Request } from './attempt.ts';
import type { Clock } from './clock.ts';
import { Deadline } from './deadline.ts';
import { endOf, failureOf, noToken, type Failure } from './failure.ts';
import { backOffMs, verdictOf, type BackOff } from './retry-policy.ts';
import { TokenSource, type Token } from './token-source.ts';
import { TrolleyError } from './trolley-error.ts';

export interface TransportOptions {
  readonly token: Token;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly backOff: BackOff;
  readonly maxAttempts: number;
  readonly attemptTimeoutMs: number;
}

export interface Sent extends Request {
  /**
   * Under which the shop applies it once, wherever in the request it stands. Without one, a request that changes
   * something is sent once.
   */
  readonly idempotencyKey?: string | undefined;
  /** The checkout that goes on, even if the request fails. */
  readonly checkoutId?: string | undefined;
}

/** An answer of 2xx. */
export interface Answer<B> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: B;
}

/** Sends requests until they are answered. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #tokens: TokenSource;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#tokens = new TokenSource(options.token);
  }

  /** How long a call may take from now on. */
  deadline(timeoutMs: number, signal: AbortSignal | undefined): Deadline {
    return new Deadline(this.#options.clock, timeoutMs, signal);
  }

  /** How long to wait after the failed try of this number, the first being 1. */
  backOffMs(tries: number): number {
    return backOffMs(this.#options.backOff, tries);
  }

  /**
   * Sends the request, again while that may help and there is time.
   * @throws TrolleyError
   */
  async send<B>(request: Sent, deadline: Deadline): Promise<Answer<B>> {
    const isRead = request.method === 'GET';
    const { idempotencyKey, checkoutId } = request;
    const isRepeatable = isRead || idempotencyKey !== undefined;
    let tries = 0;
    let mayHaveHappened = checkoutId !== undefined;
    let refusedToken: string | undefined;
    const errorOf = (failure: Failure) =>
      new TrolleyError(failure.message, {
        ...failure,
        idempotencyKey,
        checkoutId,
        attempts: tries,
        // A cart has each version once: what was asked of another one can't happen any more.
        outcomeUnknown: mayHaveHappened && failure.code !== 'precondition_failed',
      });

    for (;;) {
      const end = endOf(deadline);
      if (end !== undefined) throw errorOf(end);
      const token = await this.#token(refusedToken, deadline).catch((cause: unknown) => {
        throw errorOf(endOf(deadline, cause) ?? noToken(cause));
      });
      tries += 1;
      const answered = await this.#attempt(request, token, deadline);
      if (isSuccess(answered)) return answered as Answer<B>;

      const failure = failureOf(answered, deadline, this.#options.clock.now());
      const verdict = verdictOf(failure.status, failure.code);
      mayHaveHappened ||= !isRead && verdict.mayHaveHappened;
      if (failure.status === 401 && refusedToken === undefined && this.#tokens.canRenew) {
        refusedToken = token;
        continue;
      }
      const waitMs = this.backOffMs(tries) + (failure.details.retryAfterMs ?? 0);
      const helps = verdict.isPassing && tries < this.#options.maxAttempts && waitMs < deadline.leftMs;
      if (!helps || !isRepeatable) throw errorOf(failure);
      await deadline.pause(waitMs);
    }
  }

  #attempt(request: Sent, token: string, deadline: Deadline): Promise<Attempt> {
    const { fetch, attemptTimeoutMs } = this.#options;
    const headers = { ...request.headers, Accept: 'application/json', Authorization: `Bearer ${token}` };
    return attempt(fetch, { ...request, headers }, deadline, attemptTimeoutMs);
  }

  #token(refused: string | undefined, deadline: Deadline): Promise<string> {
    const ask = () => (refused === undefined ? this.#tokens.get() : this.#tokens.renewed(refused));
    return deadline.within(deadline.leftMs, ask);
  }
}

/** A body that is not JSON is not the shop's: of a proxy, or of a network that wants one to sign in first. */
function isSuccess({
  status,
  body,
}: {
  readonly status: number | undefined;
  readonly body?: unknown;
}): boolean {
  if (status === undefined || status < 200 || status > 299) return false;
  return status === 204 || (typeof body === 'object' && body !== null);
}
