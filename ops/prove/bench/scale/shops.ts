import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { LoadResult } from '../load/loops.ts';
import { startChild, type Child } from '../measure/child.ts';
import type { Figures } from '../measure/figures.ts';
import { processorTimes } from '../measure/processes.ts';
import { addProcessorTimes, usedBetween } from '../measure/processor-figures.ts';
import { rotated } from '../measure/statistics.ts';
import { warmUp } from '../measure/warm-up.ts';
import type { LoadOrder } from '../shop/load-order.ts';
import { measureLoad } from '../shop/measure-load.ts';
import { deepTokenOf } from './deep-page.ts';
import { at } from './growth.ts';
import type { ScaleLoadName, ScaleSettings } from './loads.ts';
import { ScaledShop } from './scaled-shop.ts';

/* Shops that differ in nothing but what they hold, under the same load in turn. */

/** What can be measured on them, by the name that `--only` takes. */
export const shopParts = {
  carts: 'GET cart and adds, of carts that are in memory and of others',
  orders: 'pages of orders: of who has a tenth of all, the newest and one far back, and of who has few',
  checkouts: 'add, checkout and order, with as many finished ones and processed events behind it',
  idle: 'what a shop uses while nobody asks it for anything',
  start: 'npm start, and the first looks of what sweeps and polls',
} as const;

export type ShopPart = keyof typeof shopParts;

export const isShopPart = (name: string): name is ShopPart => Object.hasOwn(shopParts, name);

export const loadsOf: Readonly<Record<ShopPart, readonly ScaleLoadName[]>> = {
  // Who is cold falls asleep again while the others are asked.
  carts: ['coldReads', 'reads', 'coldAdds', 'adds'],
  orders: ['newestOrders', 'deepOrders', 'fewOrders'],
  checkouts: ['checkouts'],
  idle: [],
  start: [],
};

interface ShopsRun {
  readonly folder: string;
  readonly sizes: readonly number[];
  readonly parts: readonly ShopPart[];
  readonly rounds: number;
  readonly seconds: number;
  readonly figures: Figures;
  readonly say: (line: string) => void;
}

/** Every cart but these is as old as it was filled in. */
const hotCarts = 300;
/** Longer than twice the slowest of what polls and sweeps. */
const idleSeconds = 10;
/** Until whatever looks at all has looked once. */
const firstLooksMs = 8_000;

export async function measureShops(run: ShopsRun): Promise<void> {
  const { folder, sizes, parts, rounds, figures, say } = run;
  const has = (...some: ShopPart[]) => some.some((part) => parts.includes(part));
  const filling = {
    carts: has('carts', 'idle', 'start'),
    checkouts: has('orders', 'checkouts', 'idle', 'start'),
  };
  const shops: ScaledShop[] = [];
  try {
    for (const size of sizes) {
      say(`filling a shop of ${size.toLocaleString('en')} users`);
      shops.push(await ScaledShop.fill(folder, size, filling));
    }
    const starts = has('start') ? rounds : 0;
    for (let round = 0; round < starts; round++) {
      say(`start ${round + 1} of ${starts}`);
      await measureStarts(rotated(shops, round), figures);
    }
    say('warming up');
    for (const shop of shops) {
      await shop.start();
      await shop.check();
    }
    await measureLoads(shops, run);
  } finally {
    for (const shop of shops) await shop.stop();
  }
}

/** Each as often as there are rounds: from nothing until it has settled. */
async function measureStarts(shops: readonly ScaledShop[], figures: Figures): Promise<void> {
  for (const shop of shops) {
    const { size } = shop.census;
    const startedAt = performance.now();
    await shop.start();
    figures.add(`${at('start', size)}: s`, (performance.now() - startedAt) / 1000);
    await delay(firstLooksMs);
    addProcessorTimes(figures, at('start', size), processorTimes(shop.trees));
    await shop.stop();
  }
}

async function measureLoads(shops: readonly ScaledShop[], run: ShopsRun): Promise<void> {
  const { parts, rounds, seconds, figures, say } = run;
  const loads = parts.flatMap((part) => loadsOf[part]);
  const loaded: Loaded[] = [];
  try {
    const whose = parts.includes('carts') ? cartOwners : nobody;
    for (const shop of shops) loaded.push(await Loaded.open(shop, whose(shop.census.size)));
    await warmUp((unkept) => loadAll(loaded, loads, unkept, seconds));
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}`);
      await loadAll(rotated(loaded, round), loads, figures, seconds);
      if (parts.includes('idle')) await measureIdle(shops, figures);
    }
    say('counting');
    for (const each of loaded) await each.audit();
  } finally {
    for (const each of loaded) await each.close();
  }
}

async function loadAll(
  loaded: readonly Loaded[],
  loads: readonly ScaleLoadName[],
  figures: Figures,
  seconds: number,
): Promise<void> {
  for (const load of loads) for (const each of loaded) await each.measure(load, figures, seconds);
}

/** All of them at once: none of them has anything to do. */
async function measureIdle(shops: readonly ScaledShop[], figures: Figures): Promise<void> {
  const before = shops.map((shop) => processorTimes(shop.trees));
  await delay(idleSeconds * 1000);
  for (const [index, shop] of shops.entries()) {
    const used = usedBetween(before[index] ?? new Map(), processorTimes(shop.trees));
    addProcessorTimes(figures, at('idle second', shop.census.size), used, idleSeconds);
  }
}

/** Those whose carts are asked for. */
type CartOwners = Pick<ScaleSettings, 'hot' | 'cold'>;

function cartOwners(size: number): CartOwners {
  const users = spread(size);
  return { hot: users.slice(0, hotCarts), cold: users.slice(hotCarts) };
}

/** Where no carts are filled in. */
const nobody = (): CartOwners => ({ hot: [], cold: [] });

/** A shop that runs, with who loads it. */
class Loaded {
  readonly #shop: ScaledShop;
  readonly #generator: Child<LoadOrder<ScaleLoadName>, LoadResult>;
  readonly #cold: readonly number[];
  readonly #redis: Redis;

  private constructor(
    shop: ScaledShop,
    generator: Child<LoadOrder<ScaleLoadName>, LoadResult>,
    cold: readonly number[],
  ) {
    this.#shop = shop;
    this.#generator = generator;
    this.#cold = cold;
    this.#redis = new Redis(shop.running.process.redisUrl);
  }

  static async open(shop: ScaledShop, { hot, cold }: CartOwners): Promise<Loaded> {
    const { census } = shop;
    const { client, tokens } = shop.running.process;
    const deepToken = await deepTokenOf(client, census);
    const settings: ScaleSettings = { shopUrl: client.url, tokens, census, cold, hot, deepToken };
    return new Loaded(
      shop,
      await startChild(new URL('../scale-generator.ts', import.meta.url), settings),
      cold,
    );
  }

  async measure(load: ScaleLoadName, figures: Figures, seconds: number): Promise<void> {
    // As if the views had expired.
    if (load === 'coldReads') await this.#redis.del(this.#cold.map((userId) => `cart:${userId}`));
    const loaded = { generator: this.#generator, trees: this.#shop.trees, figures, seconds };
    await measureLoad(loaded, load, { label: at(load, this.#shop.census.size) });
  }

  async audit(): Promise<void> {
    await this.#shop.audit((await this.#generator.tell({ do: 'audit' })).operations);
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    await this.#generator.stop();
  }
}

/** A thousand users, evenly over all there are, in no order that a store could have. */
function spread(size: number): number[] {
  const step = Math.floor(size / 1_000);
  return Array.from({ length: 1_000 }, (_, index) => 1 + ((index * 389) % 1_000) * step);
}
