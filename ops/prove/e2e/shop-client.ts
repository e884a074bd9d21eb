import { mintToken, type TokenSettings } from '../../shop/token.ts';
import { documentedFetch } from './documented-fetch.ts';

export interface CartBody {
  readonly cart_id: string;
  readonly user_id: number;
  readonly items: readonly {
    readonly product_id: number;
    readonly product_name: string;
    readonly quantity: number;
    readonly price: number;
    readonly subtotal: number;
  }[];
  readonly total_items: number;
  readonly total_price: number;
}

export interface CheckoutBody {
  readonly checkout_id: string;
  readonly status: string;
  readonly failure_reason?: string;
  readonly failure_details?: readonly {
    readonly product_id: number;
    readonly requested: number;
    readonly available: number;
  }[];
  readonly total_amount: number;
  readonly currency: string;
  readonly completed_at?: string;
  readonly history?: readonly { readonly status: string }[];
}

export interface OrderBody {
  readonly id: string;
  readonly checkout_id: string;
  readonly user_id: number;
  readonly total_amount: number;
  readonly status: string;
  readonly created_at: string;
  readonly items: readonly {
    readonly product_id: number;
    readonly product_name: string;
    readonly quantity: number;
    readonly price: number;
  }[];
  readonly shipping_address?: Readonly<Record<string, string>>;
}

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

export interface CheckoutOptions {
  readonly payment_method?: string;
  readonly shipping_address?: Readonly<Record<string, string>>;
}

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

  async send<B>(method: string, path: string, { token, json, raw, headers }: Sent = {}): Promise<Answer<B>> {
    const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
    const { url } = this;
    this.#sent += 1;
    const response = await documentedFetch(url + path, {
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
  readonly #client: ShopClient;

  constructor(client: ShopClient, id: number, token: string) {
    this.#client = client;
    this.id = id;
    this.token = token;
  }

  send<B>(method: string, path: string, sent: Sent = {}): Promise<Answer<B>> {
    return this.#client.send<B>(method, `/api/v1${path}`, { token: this.token, ...sent });
  }

  cart(): Promise<Answer<CartBody>> {
    return this.send('GET', '/cart');
  }

  add(productId: number, quantity: number): Promise<Answer<CartBody>> {
    return this.send('POST', '/cart/items', { json: { product_id: productId, quantity } });
  }

  checkout(key: string, options: CheckoutOptions = {}): Promise<Answer<CheckoutBody>> {
    return this.send('POST', '/checkout', { json: { idempotency_key: key, ...options } });
  }

  checkoutStatus(id: string): Promise<Answer<CheckoutBody>> {
    return this.send('GET', `/checkout/${id}`);
  }

  cancelCheckout(id: string): Promise<Answer<CheckoutBody>> {
    return this.send('POST', `/checkout/${id}/cancel`);
  }

  orders(): Promise<Answer<readonly OrderBody[]>> {
    return this.send('GET', '/orders');
  }

  order(id: string): Promise<Answer<OrderBody>> {
    return this.send('GET', `/orders/${id}`);
  }

  cancelOrder(id: string): Promise<Answer<OrderBody>> {
    return this.send('POST', `/orders/${id}/cancel`);
  }

  setOrderStatus(id: string, status: string): Promise<Answer<OrderBody>> {
    return this.send('PATCH', `/orders/${id}/status`, { json: { status } });
  }
}
