import type { Fetch } from './attempt.ts';
import { Calls } from './calls.ts';
import { CartCalls } from './cart-calls.ts';
import { CheckoutCalls } from './checkout-calls.ts';
import { browserClock, type Clock } from './clock.ts';
import { OrderCalls } from './order-calls.ts';
import { ProductCalls } from './product-calls.ts';
import type { Token } from './token-source.ts';
import { Transport } from './transport.ts';

export interface ClientOptions {
  /** Where the shop is, e.g. `https://shop.example`. */
  readonly url: string;
  readonly token: Token;
  /** How long a call may take with all its tries, unless it says so itself. Default 60 s. */
  readonly timeoutMs?: number;
  /** The same of a checkout till its end. Default 180 s. */
  readonly checkoutTimeoutMs?: number;
  /** How long one try waits for its answer. Default 35 s: the shop itself gives up after 30 s, and says so. */
  readonly attemptTimeoutMs?: number;
  /** Tries of a call, and rounds of an update. Default 10, with waits from 0.1 s, doubling to 5 s; 1: no retries. */
  readonly maxAttempts?: number;
  /** Default: the one of the browser, or of Node. */
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  /** Gives numbers in [0, 1), for the part of a wait that is left to chance. */
  readonly random?: () => number;
  /** Makes idempotency keys: of 1 to 255 printable characters, never the same twice. */
  readonly newId?: () => string;
}

/** The shop as the user of the token sees it. */
export interface Client {
  readonly products: ProductCalls;
  readonly cart: CartCalls;
  readonly checkouts: CheckoutCalls;
  readonly orders: OrderCalls;
}

const firstMs = 100;
const maxMs = 5000;

/**
 * A client of the shop's REST API. It holds no connection and needs no closing.
 *
 * @throws TypeError for a `url` that is none, RangeError for limits that are none
 */
export function createClient(options: ClientOptions): Client {
  const { token, clock = browserClock, random = Math.random, newId = randomId } = options;
  const { timeoutMs = 60_000, checkoutTimeoutMs = 180_000, attemptTimeoutMs = 35_000 } = options;
  const { maxAttempts = 10, fetch = ownFetch } = options;
  const limits = { timeoutMs, checkoutTimeoutMs, attemptTimeoutMs, maxAttempts };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new RangeError(`${name} is to be greater than 0, not ${value}`);
  }
  const backOff = { firstMs, maxMs, random };
  const transport = new Transport({ token, fetch, clock, backOff, maxAttempts, attemptTimeoutMs });
  const url = new URL(options.url).href.replace(/\/+$/, '');
  const calls = new Calls({ transport, url, newId, timeoutMs });
  return {
    products: new ProductCalls(calls),
    cart: new CartCalls(calls, maxAttempts),
    checkouts: new CheckoutCalls(calls, checkoutTimeoutMs),
    orders: new OrderCalls(calls),
  };
}

/** Called as a function of the page, which is what browsers ask of it. */
const ownFetch: Fetch = (url, init) => fetch(url, init);

/** Not `randomUUID`, which pages without TLS do not have. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
