import {
  createClient,
  isTrolleyError,
  type Cart,
  type Checkout,
  type Client,
  type ClientOptions,
  type EndedCheckout,
  type NewCheckout,
  type VersionedCart,
} from '../../../gateway/client/index.ts';
import { mintToken, type TokenSettings } from '../../shop/token.ts';
import { documentedFetch } from '../testing/documented-fetch.ts';

export interface ErrorBody {
  readonly error: string;
  readonly code: string;
  readonly request_id: string;
}

export interface Answer<B> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** What the route answers with; of an error, `code` and the like. */
  readonly body: B & Partial<ErrorBody>;
}

export interface Sent {
  readonly token?: string | undefined;
  readonly json?: unknown;
  /** Sent as it is, as JSON unless the headers say otherwise. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type CheckoutOptions = Omit<NewCheckout, 'idempotency_key'>;

/** Stands for whichever gateway is asked next. */
const anyGateway = 'http://gateway.invalid';

/** The shop over HTTP. */
export class ShopClient {
  readonly #urls: readonly string[];
  readonly #tokens: TokenSettings;
  #sent = 0;

  /** `urls`: of one gateway, or of several that are asked in turn, of which some may come and go. */
  constructor(urls: string | readonly string[], tokens: TokenSettings) {
    this.#urls = typeof urls === 'string' ? [urls] : urls;
    this.#tokens = tokens;
  }

  /** Of the gateway that is asked next. */
  get url(): string {
    return this.#urls[this.#sent % this.#urls.length] ?? '';
  }

  #next(): string {
    const { url } = this;
    this.#sent += 1;
    return url;
  }

  /** The client of the REST API, with all its patience. */
  typed(options: Omit<ClientOptions, 'url'>): Client {
    const { fetch: send = documentedFetch } = options;
    return createClient({
      ...options,
      url: anyGateway,
      fetch: (url, init) => send(url.replace(anyGateway, this.#next()), init),
    });
  }

  async send<B>(method: string, path: string, { token, json, raw, headers }: Sent = {}): Promise<Answer<B>> {
    const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
    const response = await documentedFetch(this.#next() + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const parsed: unknown = text === '' ? {} : JSON.parse(text);
    return { status: response.status, headers: response.headers, text, body: parsed as Answer<B>['body'] };
  }

  async user(id: number, ...roles: string[]): Promise<Shopper> {
    return new Shopper(this, id, await mintToken(this.#tokens, { userId: id, roles }));
  }

  users(first: number, count: number): Promise<Shopper[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => this.user(first + index)));
  }
}

/** The shop as one user sees it. */
export class Shopper {
  readonly id: number;
  readonly token: string;
  /** Asks once: a test of a shop that is well must not get over what it should find. */
  readonly shop: Client;
  readonly #client: ShopClient;

  constructor(client: ShopClient, id: number, token: string) {
    this.#client = client;
    this.id = id;
    this.token = token;
    this.shop = client.typed({ token, maxAttempts: 1 });
  }

  add(productId: number, quantity: number): Promise<VersionedCart> {
    return this.shop.cart.add({ product_id: productId, quantity });
  }

  buy(idempotencyKey: string, request: CheckoutOptions = {}): Promise<EndedCheckout> {
    return this.shop.checkouts.run(request, { idempotencyKey });
  }

  // For tests of what an answer is like.
  send<B>(method: string, path: string, sent: Sent = {}): Promise<Answer<B>> {
    return this.#client.send<B>(method, `/api/v1${path}`, { token: this.token, ...sent });
  }

  sendAdd(productId: number, quantity: number): Promise<Answer<Cart>> {
    return this.send('POST', '/cart/items', { json: { product_id: productId, quantity } });
  }

  checkout(key: string, options: CheckoutOptions = {}): Promise<Answer<Checkout>> {
    return this.send('POST', '/checkout', { json: { idempotency_key: key, ...options } });
  }
}

/** What a call is refused with, e.g. `404 not_found`. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    return `answered: ${JSON.stringify(await call)}`;
  } catch (error) {
    if (!isTrolleyError(error)) throw error;
    return `${error.status ?? 'no'} ${error.code}`;
  }
}
