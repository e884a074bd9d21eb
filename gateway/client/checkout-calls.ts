import type { Checkout, CheckoutPage, CheckoutWithHistory, NewCheckout } from './api.ts';
import type { CallOptions, Calls, ChangeOptions, PageQuery } from './calls.ts';
import type { Deadline } from './deadline.ts';
import type { Sent } from './transport.ts';

export interface CheckoutQuery extends PageQuery {
  readonly status?: Checkout['status'] | undefined;
}

/** It has come to one of the two ends: paid for and sold, or undone. */
export type EndedCheckout<C extends Checkout = Checkout> = C & { readonly status: 'COMPLETED' | 'FAILED' };

export class CheckoutCalls {
  readonly #calls: Calls;
  readonly #timeoutMs: number;

  constructor(calls: Calls, timeoutMs: number) {
    this.#calls = calls;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Buys what is in the cart: starts a checkout, or joins that of the key, and follows it to its end. A payment that is
   * declined is no error: it ends as FAILED with its `failure_reason`.
   * @throws TrolleyError `empty_cart` and the like, when there is none; `timed_out` when it has not ended in time;
   *   with `checkoutId` where it is known to run on
   */
  async run(
    request: Omit<NewCheckout, 'idempotency_key'> = {},
    { idempotencyKey = this.#calls.newId(), ...options }: ChangeOptions = {},
  ): Promise<EndedCheckout> {
    const deadline = this.#deadline(options);
    const url = `${this.#calls.url}/api/v1/checkout`;
    // In the body the key names the checkout itself, for as long as that is kept.
    const body = { ...request, idempotency_key: idempotencyKey };
    const start = { method: 'POST', url, headers: {}, body, idempotencyKey };
    const started = await this.#calls.transport.send<Checkout>(start, deadline);
    if (isEnded(started.body)) return started.body;
    const { checkout_id: checkoutId } = started.body;
    const place = placeOf(started.headers.get('location'), url) ?? `${url}/${checkoutId}`;
    return this.#follow(place, deadline, { checkoutId, idempotencyKey });
  }

  /** Waits for the end of a checkout that was started before. Refused: `not_found`. */
  follow(checkoutId: string, options: CallOptions = {}): Promise<EndedCheckout<CheckoutWithHistory>> {
    const url = `${this.#calls.url}/api/v1/checkout/${encodeURIComponent(checkoutId)}`;
    return this.#follow(url, this.#deadline(options));
  }

  /** As it is now. Refused: `not_found`. */
  async get(checkoutId: string, options?: CallOptions): Promise<CheckoutWithHistory> {
    const path = `/api/v1/checkout/${encodeURIComponent(checkoutId)}`;
    return (await this.#calls.read<CheckoutWithHistory>(path, {}, options)).body;
  }

  /** Own ones, newest first. Refused: `invalid_page_token`. */
  async list(query?: CheckoutQuery, options?: CallOptions): Promise<CheckoutPage> {
    return (await this.#calls.read<CheckoutPage>('/api/v1/checkout', query, options)).body;
  }

  /** Undoes it; answered when that is done. Refused: `not_found`, `conflict` once the payment has completed. */
  async cancel(checkoutId: string, options?: ChangeOptions): Promise<Checkout> {
    const path = `/api/v1/checkout/${encodeURIComponent(checkoutId)}/cancel`;
    return (await this.#calls.change<Checkout>('POST', path, {}, options)).body;
  }

  #deadline({ timeoutMs = this.#timeoutMs, signal }: CallOptions): Deadline {
    return this.#calls.deadline({ timeoutMs, signal });
  }

  async #follow(url: string, deadline: Deadline, of: Pick<Sent, 'checkoutId' | 'idempotencyKey'> = {}) {
    const { transport } = this.#calls;
    const look = { ...of, method: 'GET', url, headers: {} };
    for (let looks = 1; ; looks += 1) {
      const { body } = await transport.send<CheckoutWithHistory>(look, deadline);
      if (isEnded(body)) return body;
      await deadline.pause(transport.backOffMs(looks));
    }
  }
}

function isEnded<C extends Checkout>(checkout: C): checkout is EndedCheckout<C> {
  return checkout.status === 'COMPLETED' || checkout.status === 'FAILED';
}

/** A place elsewhere is not followed: the token is for the shop. */
function placeOf(location: string | null, url: string): string | undefined {
  if (location === null || !URL.canParse(location, url)) return undefined;
  const place = new URL(location, url);
  return place.origin === new URL(url).origin ? place.href : undefined;
}
