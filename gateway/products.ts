import type { CallContext, Clock, Logger } from '@trolley/runtime';
import { levelOfRetry } from '@trolley/runtime/observe';
import { LRUCache } from 'lru-cache';
import type { Inventory } from '../actors/services/inventory/inventory.client.ts';
import type { ProductCatalog, ProductQuery, ProductView } from '../actors/services/product/product.client.ts';
import type { Call } from './call.ts';
import { Kept } from './kept.ts';

/** A product with what is left of it; `undefined` when the inventory does not say. */
export interface StockedProduct extends ProductView {
  readonly stock: number | undefined;
}

export interface ProductPage {
  readonly products: readonly StockedProduct[];
  readonly nextPageToken?: string;
}

/** What there is to buy, at most a second old; for who has just bought, no older than that. */
export interface Products {
  /** Refused: `invalid_page_token`. */
  list(query: ProductQuery, call: Call, userId: number): Promise<ProductPage>;
  /** Refused: `not_found`. */
  get(id: number, call: Call, userId: number): Promise<StockedProduct>;
  /** This user is about to be told of something that has changed what is in stock, such as the end of a checkout. */
  readonly stockMoved: (userId: number) => void;
}

interface ProductsOptions {
  readonly catalog: Pick<ProductCatalog, 'list' | 'get'>;
  readonly inventory: Pick<Inventory, 'getStock'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a question that is shared by many may take; none of their own deadlines ends it. */
  readonly readTimeoutMs: number;
}

/** A browsing customer waits this long for the stock at most, and goes without it then. */
const stockTimeoutMs = 1000;

/** Said in ops/guide/api.md. */
const maxAgeMs = 1000;
const renewMs = 250;

/** In characters, of lists and of single products each. */
const capacity = 8_000_000;

/** A user who is forgotten here sees the stock a second old, as all others do. */
const maxMovers = 10_000;

export function createProducts(options: ProductsOptions): Products {
  const { catalog, inventory, clock, logger, readTimeoutMs } = options;
  const onStale = (err: unknown) =>
    logger[levelOfRetry(err)]({ err }, 'products are shown as they were a moment ago');
  const keeping = { clock, maxAgeMs, renewMs, capacity, onStale };
  const pages = new Kept<ProductPage>({
    ...keeping,
    sizeOf: ({ products }, key) =>
      products.reduce((sum, product) => sum + sizeOf(product), key.length + 1000),
  });
  const single = new Kept<StockedProduct>({ ...keeping, sizeOf });
  const movedAt = new LRUCache<number, number>({ max: maxMovers });

  async function withStock(products: readonly ProductView[], context: CallContext) {
    const stocks = new Map<number, number>();
    if (products.length > 0) {
      const timeoutMs = Math.min(stockTimeoutMs, readTimeoutMs);
      try {
        const ids = products.map(({ id }) => id);
        for (const { productId, available } of await inventory.getStock(ids, { ...context, timeoutMs })) {
          stocks.set(productId, available);
        }
      } catch (err) {
        logger[levelOfRetry(err)](
          { err, requestId: context.requestId },
          'products are shown without their stock',
        );
      }
    }
    return products.map((product): StockedProduct => ({ ...product, stock: stocks.get(product.id) }));
  }

  /** Asked for everybody: in no user's name, and not ended when the first of them goes. */
  const forAll = ({ requestId, traceparent }: Call): CallContext => ({
    requestId,
    traceparent,
    timeoutMs: readTimeoutMs,
  });

  return {
    list(query, call, userId) {
      const { pageSize, pageToken, query: text } = query;
      const ask = async (): Promise<ProductPage> => {
        const { products, ...more } = await catalog.list(query, forAll(call));
        return { products: await withStock(products, forAll(call)), ...more };
      };
      return pages.get(JSON.stringify([pageSize, pageToken, text]), ask, movedAt.get(userId));
    },
    get(id, call, userId) {
      const ask = async (): Promise<StockedProduct> => {
        const product = await catalog.get(id, forAll(call));
        const [stocked] = await withStock([product], forAll(call));
        return stocked ?? { ...product, stock: undefined };
      };
      return single.get(String(id), ask, movedAt.get(userId));
    },
    stockMoved(userId) {
      movedAt.set(userId, clock.monotonic());
    },
  };
}

function sizeOf({ name, description, imageUrl }: ProductView): number {
  return name.length + description.length + imageUrl.length + 500;
}
