import { join } from 'node:path';
import { eventually } from '../../e2e/eventually.ts';
import type { ProcessTree } from '../measure/processes.ts';
import { MeasuredShop, type Counts } from '../shop/measured-shop.ts';
import { checkFilledCart, checkFilledCheckout } from './check-filled.ts';
import { fillCarts, fillCheckouts, patterns } from './fill.ts';
import { censusOf, linesOfCart, type Census } from './owners.ts';

/** What of a shop is filled. */
export interface Filling {
  readonly carts: boolean;
  readonly checkouts: boolean;
}

/** Who was not asked for longer is out of memory a second later. */
export const idleMs = 1_000;

/** A shop that holds what one of so many users would hold. */
export class ScaledShop {
  readonly census: Census;
  readonly #folder: string;
  readonly #filling: Filling;
  #running: MeasuredShop | undefined;
  #before: Counts | undefined;

  private constructor(folder: string, census: Census, filling: Filling) {
    this.#folder = folder;
    this.census = census;
    this.#filling = filling;
  }

  /** Makes it and fills it. It does not run then. */
  static async fill(folder: string, size: number, filling: Filling): Promise<ScaledShop> {
    const shop = new ScaledShop(join(folder, String(size)), censusOf(size), filling);
    await shop.start();
    const { dataDir } = shop.running;
    try {
      await shop.#writePatterns();
    } finally {
      await shop.stop();
    }
    const now = Date.now();
    if (filling.carts) await fillCarts(dataDir, shop.census, now);
    if (filling.checkouts) await fillCheckouts(dataDir, shop.census, now);
    return shop;
  }

  get running(): MeasuredShop {
    if (this.#running === undefined) throw new Error('the shop does not run');
    return this.#running;
  }

  get trees(): ProcessTree[] {
    return this.running.trees;
  }

  async start(): Promise<void> {
    this.#running = await MeasuredShop.start(this.#folder, { ACTOR_IDLE_MS: String(idleMs) });
  }

  /** Holds what was filled in against what the shop makes of it, and counts what is there from now on. */
  async check(): Promise<void> {
    const { client } = this.running.process;
    if (this.#filling.carts) await checkFilledCart(client, this.census);
    if (this.#filling.checkouts) await checkFilledCheckout(client, this.census);
    this.#before = await this.running.counts();
  }

  /** Holds what is stored against what was answered since the check. */
  async audit(orders: number): Promise<void> {
    await this.running.audit(orders, this.#before);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async #writePatterns(): Promise<void> {
    const { client } = this.running.process;
    const keeper = await client.user(patterns.cartOf);
    for (let product = 1; product <= linesOfCart; product++) await keeper.add(product, 1);
    const buyer = await client.user(patterns.buyer);
    for (let product = 1; product <= linesOfCart; product++) await buyer.sendAdd(product, 1);
    await buyer.checkout(patterns.key);
    const isOrdered = async () => (await buyer.shop.orders.list()).orders.length === 1;
    await eventually(isOrdered, 'the order that is a pattern for others');
    // The last that becomes of a purchase; the mark of its event is set a moment after the order is there.
    const isSettled = async () => (await buyer.shop.cart.get()).items.length === 0;
    await eventually(isSettled, 'the cart after the purchase');
  }
}
