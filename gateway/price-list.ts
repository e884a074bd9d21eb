import { type Clock, codeOf, ActorError } from '@trolley/runtime';
import type { ProductCatalog, ProductView } from '../actors/services/product/product.client.ts';
import type { CacheTally } from './cache-tally.ts';
import type { Call } from './call.ts';

/** Name and price of a cart's line. */
export interface Priced {
  readonly name: string;
  readonly priceCents: number;
}

/** What products are called and cost, a few seconds old at most while the product service answers. */
export interface PriceList {
  /** Throws when the product service is down and nothing is remembered. */
  isSold(productId: number, call: Call): Promise<boolean>;
  /**
   * Something for every id. A product that is sold no more keeps the name and price last known here, or has
   * neither: 'unavailable product' at 0. While the product service is down, what was last known stands.
   */
  pricesOf(productIds: readonly number[], call: Call): Promise<ReadonlyMap<number, Priced>>;
  /** Whether `pricesOf` would give these again, without having to ask the service. */
  areCurrent(prices: ReadonlyMap<number, Priced>): boolean;
}

interface PriceListOptions {
  readonly catalog: Pick<ProductCatalog, 'getMany'>;
  readonly clock: Clock;
  readonly freshMs?: number;
  /** How many products are remembered, those used last. */
  readonly capacity?: number;
  /** How long the product service may take. */
  readonly timeoutMs?: number;
  readonly tally?: CacheTally | undefined;
}

interface Entry {
  readonly product: ProductView;
  readonly fetchedAt: number;
  readonly sold: boolean;
}

const nameless: Priced = { name: 'unavailable product', priceCents: 0 };

export function createPriceList({
  catalog,
  clock,
  freshMs = 3000,
  capacity = 10_000,
  timeoutMs = 3000,
  tally = { hits: 0, misses: 0 },
}: PriceListOptions): PriceList {
  // A Map keeps the order of insertion, so the first key is the one used longest ago.
  const entries = new Map<number, Entry>();
  const fetching = new Map<number, Promise<void>>();

  function remember(id: number, entry: Entry): void {
    entries.delete(id);
    entries.set(id, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= capacity) break;
      entries.delete(oldest);
    }
  }

  async function fetch(ids: readonly number[], call: Call): Promise<void> {
    // Shared by whoever needs one of these, so no single caller's end may cancel it.
    const products = await catalog.getMany(ids, { requestId: call.requestId, timeoutMs });
    const fetchedAt = clock.monotonic();
    const found = new Map(products.map((product) => [product.id, product]));
    for (const id of ids) {
      const product = found.get(id) ?? entries.get(id)?.product;
      // A product that never was is not remembered: it may be created the next moment.
      if (product !== undefined) remember(id, { product, fetchedAt, sold: found.has(id) });
    }
  }

  function isFresh(entry: Entry | undefined, now: number): boolean {
    return entry !== undefined && entry.sold && now - entry.fetchedAt < freshMs;
  }

  /** Resolves when all of `ids` are as fresh as they can be. */
  async function refresh(ids: readonly number[], call: Call): Promise<void> {
    const now = clock.monotonic();
    const wanted = ids.filter((id) => !isFresh(entries.get(id), now));
    tally[wanted.length === 0 ? 'hits' : 'misses'] += 1;
    if (wanted.length === 0) return;
    const stale = [...new Set(wanted)];
    const missing = stale.filter((id) => !fetching.has(id));
    if (missing.length > 0) {
      const fetched = fetch(missing, call).finally(() => {
        for (const id of missing) fetching.delete(id);
      });
      for (const id of missing) fetching.set(id, fetched);
    }
    const outcomes = await Promise.allSettled(stale.map((id) => fetching.get(id) ?? Promise.resolve()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    // An unknown product has no price that could be shown, so there is no answer without the service.
    if (failed !== undefined && !stale.every((id) => entries.has(id))) {
      throw new ActorError(codeOf(failed.reason), 'the product service does not answer', {
        cause: failed.reason,
      });
    }
  }

  return {
    async isSold(productId, call) {
      await refresh([productId], call);
      return entries.get(productId)?.sold ?? false;
    },
    async pricesOf(productIds, call) {
      await refresh(productIds, call);
      return new Map(productIds.map((id) => [id, entries.get(id)?.product ?? nameless]));
    },
    areCurrent(prices) {
      const now = clock.monotonic();
      for (const [id, priced] of prices) {
        const entry = entries.get(id);
        if (!isFresh(entry, now) || entry?.product !== priced) return false;
      }
      return true;
    },
  };
}
