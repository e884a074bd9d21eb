import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import type { Answer, Shopper } from '../e2e/shop-client.ts';

/** One request of one user, and what came of it. */
export interface SeenAnswer {
  readonly userId: number;
  readonly what: 'cart' | 'add' | 'checkout' | 'orders';
  /** When it was sent, monotonic. */
  readonly atMs: number;
  readonly tookMs: number;
  /** Undefined: there was none, not even of a connection. */
  readonly status?: number;
  /** Of a refusal; where there was no answer, what was in its place. */
  readonly code?: string;
  readonly retryAfter?: string;
}

export interface OutageLoadOptions {
  readonly users: readonly Shopper[];
  readonly thinkMs: number;
  /** A request without an answer is given up after this time, and asked again. */
  readonly patienceMs: number;
}

const products = 5;
const ended = new Set(['COMPLETED', 'FAILED']);

/** Users who buy one thing after the other, and ask again under the same key what did not succeed. */
export class OutageLoad {
  readonly seen: SeenAnswer[] = [];
  /** Of each user, product by product: the units that a cart was acknowledged to have taken. */
  readonly taken = new Map<number, Map<number, number>>();
  readonly #options: OutageLoadOptions;
  readonly #ended: Promise<unknown>;
  #stopping = false;
  #givenUp = false;

  constructor(options: OutageLoadOptions) {
    this.#options = options;
    this.#ended = Promise.all(options.users.map((user) => this.#buy(user)));
  }

  /** Resolves when everybody has what was asked last. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  /** Nobody asks again. */
  giveUp(): void {
    this.#stopping = true;
    this.#givenUp = true;
  }

  /** When the last of the users got the first success of what was asked after `sinceMs`; undefined: one still waits. */
  servedAgainAt(sinceMs: number): number | undefined {
    const first = new Map<number, number>();
    for (const { userId, atMs, tookMs, status } of this.seen) {
      if (atMs < sinceMs || !isSuccess(status) || first.has(userId)) continue;
      first.set(userId, atMs + tookMs);
    }
    return first.size < this.#options.users.length ? undefined : Math.max(...first.values());
  }

  async #buy(user: Shopper): Promise<void> {
    for (let round = 1; !this.#stopping; round += 1) {
      const productId = (round % products) + 1;
      await this.#until(user, 'cart', () => user.send('GET', '/cart'));
      const json = { product_id: productId, quantity: 1 };
      const headers = { 'idempotency-key': `add ${round}` };
      const added = await this.#until(user, 'add', () => user.send('POST', '/cart/items', { json, headers }));
      if (added) this.#take(user.id, productId);
      const isEnded = ({ body }: { body: { status?: string } }) => ended.has(body.status ?? '');
      await this.#until(user, 'checkout', () => user.checkout(`buy ${round}`), isEnded);
      await this.#until(user, 'orders', () => user.send('GET', '/orders'));
    }
  }

  #take(userId: number, productId: number): void {
    const taken = this.taken.get(userId) ?? new Map<number, number>();
    this.taken.set(userId, taken.set(productId, (taken.get(productId) ?? 0) + 1));
  }

  /** Asks until it succeeds; false: nobody waits for it any more. */
  async #until<B>(
    user: Shopper,
    what: SeenAnswer['what'],
    ask: () => Promise<Answer<B>>,
    isEnded: (answer: Answer<B>) => boolean = () => true,
  ): Promise<boolean> {
    while (!this.#givenUp) {
      const answer = await this.#ask(user.id, what, ask);
      await delay(this.#options.thinkMs);
      if (answer !== undefined && isSuccess(answer.status) && isEnded(answer)) return true;
    }
    return false;
  }

  async #ask<B>(
    userId: number,
    what: SeenAnswer['what'],
    ask: () => Promise<Answer<B>>,
  ): Promise<Answer<B> | undefined> {
    const atMs = performance.now();
    let problem: string | undefined;
    const answer = await withTimeLimit(systemClock, this.#options.patienceMs, what, ask()).catch(
      (error: unknown) => {
        problem = String(error);
        return undefined;
      },
    );
    const { status, body, headers } = answer ?? {};
    const [code, retryAfter] = [problem ?? body?.code, headers?.get('retry-after') ?? undefined];
    this.seen.push({
      ...{ userId, what, atMs, tookMs: performance.now() - atMs },
      ...(status !== undefined && { status }),
      ...(code !== undefined && { code }),
      ...(retryAfter !== undefined && { retryAfter }),
    });
    return answer;
  }
}

export const isSuccess = (status: number | undefined): boolean => status !== undefined && status < 300;
