import { mintToken, type TokenSettings } from '../../../shop/token.ts';
import type { HttpCaller } from './http-caller.ts';
import { measure, timing, type Timing } from './timing.ts';

const products = 5;
/** A line takes 99: no user adds so often that one is refused. */
const addsPerUser = 90 * products;

interface Buyer {
  readonly token: string;
  adds: number;
}

/** Users of the shop, made as they are needed, and what they do. */
export class Buyers {
  readonly #http: HttpCaller;
  readonly #tokens: TokenSettings;
  #users = 0;

  constructor(http: HttpCaller, tokens: TokenSettings) {
    this.#http = http;
    this.#tokens = tokens;
  }

  async #newBuyer(): Promise<Buyer> {
    return { token: await mintToken(this.#tokens, { userId: ++this.#users }), adds: 0 };
  }

  #newBuyers(count: number): Promise<Buyer[]> {
    return Promise.all(Array.from({ length: count }, () => this.#newBuyer()));
  }

  async #add(buyer: Buyer): Promise<void> {
    const item = { product_id: (buyer.adds++ % products) + 1, quantity: 1 };
    await this.#http.send('POST', '/api/v1/cart/items', 201, buyer.token, item);
  }

  /** The least that the gateway does. */
  health(callers: number, durationMs: number): Promise<Timing> {
    const act = async () => (await this.#http.send('GET', '/health', 200)) !== '';
    return measure({ name: 'GET /health', callers, durationMs, act });
  }

  /** Each caller is a user of its own. */
  async adds(callers: number, durationMs: number): Promise<Timing> {
    const buyers = await this.#newBuyers(callers);
    const act = async (caller: number) => {
      const buyer = buyers[caller];
      if (buyer === undefined) return false;
      await this.#add(buyer);
      if (buyer.adds >= addsPerUser) buyers[caller] = await this.#newBuyer();
      return true;
    };
    return measure({ name: 'add to cart', callers, durationMs, act });
  }

  async carts(callers: number, durationMs: number): Promise<Timing> {
    const buyers = await this.#newBuyers(callers);
    for (let line = 0; line < products; line++) await Promise.all(buyers.map((buyer) => this.#add(buyer)));
    const act = async (caller: number) =>
      (await this.#http.send('GET', '/api/v1/cart', 200, buyers[caller]?.token)) !== '';
    return measure({ name: 'GET cart of 5 lines', callers, durationMs, act });
  }

  /** Each checkout sells a cart of two lines, filled before the clock runs. */
  async checkouts(callers: number, durationMs: number, most: number): Promise<Timing> {
    const waiting = await this.#filled(most);
    const act = async () => {
      const buyer = waiting.pop();
      if (buyer === undefined) return false;
      await this.#checkout(buyer);
      return true;
    };
    return measure({ name: 'checkout', callers, durationMs, act });
  }

  /** From the answer to a checkout until its order is listed. */
  async orders(count: number): Promise<Timing> {
    const latencies: number[] = [];
    for (const buyer of await this.#filled(count)) {
      await this.#checkout(buyer);
      const answeredAt = performance.now();
      while ((await this.#http.send('GET', '/api/v1/orders', 200, buyer.token)) === '[]');
      latencies.push(performance.now() - answeredAt);
    }
    return timing('answer to order listed', 1, latencies, NaN);
  }

  async #filled(count: number): Promise<Buyer[]> {
    const buyers = await this.#newBuyers(count);
    const queue = [...buyers];
    const fill = async () => {
      for (let buyer = queue.pop(); buyer !== undefined; buyer = queue.pop()) {
        await this.#add(buyer);
        await this.#add(buyer);
      }
    };
    await Promise.all(Array.from({ length: 32 }, fill));
    return buyers;
  }

  async #checkout({ token }: Buyer): Promise<void> {
    const answer = await this.#http.send('POST', '/api/v1/checkout', 201, token, { idempotency_key: 'k' });
    const { status } = JSON.parse(answer) as { status: string };
    if (status !== 'COMPLETED') throw new Error(`a checkout has not completed: ${answer}`);
  }
}
