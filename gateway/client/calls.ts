import type { Deadline } from './deadline.ts';
import type { Answer, Sent, Transport } from './transport.ts';

export interface CallOptions {
  /** Gives the call up: it rejects with `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** How long it may take with all its tries; default as the client was made with. */
  readonly timeoutMs?: number | undefined;
}

export interface ChangeOptions extends CallOptions {
  /**
   * The key of the call, 1 to 255 printable characters: the same call again under the same key, also by another
   * process, is applied once and gets the same answer. Default: a new one.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface PageQuery {
  /** How many at most, up to 500; default 100. */
  readonly page_size?: number | undefined;
  /** Of the page before. */
  readonly page_token?: string | undefined;
}

export interface CallsOptions {
  readonly transport: Transport;
  /** Where the shop is, without a `/` at the end. */
  readonly url: string;
  readonly newId: () => string;
  readonly timeoutMs: number;
}

/** A call is one request, however often it is sent. */
export class Calls {
  readonly transport: Transport;
  readonly url: string;
  readonly newId: () => string;
  readonly #timeoutMs: number;

  constructor({ transport, url, newId, timeoutMs }: CallsOptions) {
    this.transport = transport;
    this.url = url;
    this.newId = newId;
    this.#timeoutMs = timeoutMs;
  }

  deadline({ timeoutMs = this.#timeoutMs, signal }: CallOptions): Deadline {
    return this.transport.deadline(timeoutMs, signal);
  }

  read<B>(path: string, query: object = {}, options: CallOptions = {}): Promise<Answer<B>> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) search.set(name, String(value));
    }
    const url = search.size === 0 ? this.url + path : `${this.url}${path}?${search.toString()}`;
    return this.transport.send<B>({ method: 'GET', url, headers: {} }, this.deadline(options));
  }

  async change<B>(
    method: string,
    path: string,
    { headers, body }: Partial<Pick<Sent, 'headers' | 'body'>>,
    { idempotencyKey = this.newId(), ...options }: ChangeOptions = {},
  ): Promise<Answer<B>> {
    if (!/^[\x20-\x7e]{1,255}$/.test(idempotencyKey))
      throw new RangeError('idempotencyKey is to be 1 to 255 printable characters of ASCII');
    const request = {
      ...{ method, url: this.url + path, body, idempotencyKey },
      headers: { ...headers, 'Idempotency-Key': idempotencyKey },
    };
    return this.transport.send<B>(request, this.deadline(options));
  }
}
