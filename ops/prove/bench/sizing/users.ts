import { mintToken, type TokenSettings } from '../../../shop/token.ts';
import type { HttpCaller } from '../shop/http-caller.ts';

const callers = 32;
const products = 5;

/** Users with the ids from one number on; what each of them does, 32 at once. */
export class Users {
  readonly #http: HttpCaller;
  readonly #tokens: readonly string[];

  private constructor(http: HttpCaller, tokens: readonly string[]) {
    this.#http = http;
    this.#tokens = tokens;
  }

  static async from(
    first: number,
    count: number,
    { http, tokens }: { http: HttpCaller; tokens: TokenSettings },
  ) {
    const ids = Array.from({ length: count }, (_, index) => first + index);
    return new Users(http, await Promise.all(ids.map((userId) => mintToken(tokens, { userId }))));
  }

  get count(): number {
    return this.#tokens.length;
  }

  health(): Promise<void> {
    return this.#each(() => this.#http.send('GET', '/health', 200));
  }

  /** One unit each time, of one product after the other. */
  async add(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const item = { product_id: (time % products) + 1, quantity: 1 };
      await this.#each((token) => this.#http.send('POST', '/api/v1/cart/items', 201, token, item));
    }
  }

  read(): Promise<void> {
    return this.#each((token) => this.#http.send('GET', '/api/v1/cart', 200, token));
  }

  checkout(): Promise<void> {
    const request = { idempotency_key: 'k' };
    return this.#each((token) => this.#http.send('POST', '/api/v1/checkout', 201, token, request));
  }

  async #each(act: (token: string) => Promise<unknown>): Promise<void> {
    const waiting = [...this.#tokens];
    const work = async () => {
      for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) await act(token);
    };
    await Promise.all(Array.from({ length: callers }, work));
  }
}
