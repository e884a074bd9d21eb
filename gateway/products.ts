import type { CallContext, Clock, Logger } from '@trolley/runtime';
import { levelOfRetry } from '@trolley/runtime/observe';
import { LRUCache } from 'lru-cache';
import type { Inventory } from '../actors/services/inventory/inventory.client.ts';
import type {
  ProductAdministration,
  ProductCatalog,
  ProductFields,
  ProductQuery,
  ProductView,
} from '../actors/services/product/product.client.ts';
import { optionsOf, type Call } from './call.ts';
import { Kept } from './kept.ts';

/** A product with what is left of it; `undefined` when the inventory does not say. */
export interface StockedProduct extends ProductView {
  readonly stock: number | undefined;
}

export interface ProductPage {
  readonly products: readonly StockedProduct[];
  readonly nextPageToken?: string;
}

interface Stock {
  readonly stock?: number | undefined;
}

/** Who changes a product, and under which key among those of all users. */
export interface Administrator {
  readonly userId: number;
  readonly idempotencyKey: string | undefined;
}

/** What there is to buy, at most a second old; for who has just bought, no older than that. */
export interface Products {
  /** Refused: `invalid_page_token`. */
  list(query: ProductQuery, call: Call, userId: number): Promise<ProductPage>;
  /** Refused: `not_found`. */
  get(id: number, call: Call, userId: number): Promise<StockedProduct>;
  /** With a stock, that many are available. Whoever has made a change sees it at once. */
  create(fields: ProductFields & Stock, call: Call, by: Administrator): Promise<StockedProduct>;
  /** Changes the fields that are there. Refused: `not_found`. */
  update(
    id: number,
    fields: Partial<ProductFields> & Stock,
    call: Call,
    by: Administrator,
  ): Promise<StockedProduct>;
  /** Refused: `not_found`. */
  delete(id: number, call: Call, by: Administrator): Promise<void>;
  /** This user is about to be told of something that has changed what is in stock, such as the end of a checkout. */
  readonly stockMoved: (userId: number) => void;
}

interface ProductsOptions {
  readonly catalog: Pick<ProductCatalog, 'list' | 'get'> & ProductAdministration;
  readonly inventory: Pick<Inventory, 'getStock' | 'setStock'>;
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
  const forAll = ({ requestId, traceparent, tracestate }: Call): CallContext => ({
    requestId,
    traceparent,
    tracestate,
    timeoutMs: readTimeoutMs,
  });

  const asked = (call: Call, { userId, idempotencyKey }: Administrator) => ({
    ...optionsOf(call),
    userId: String(userId),
    idempotencyKey,
  });

  /** Under the same key a stock is set once: again, it would bring back what was sold since. */
  async function stocked(product: ProductView, stock: number | undefined, call: Call, by: Administrator) {
    if (stock !== undefined) {
      const { available } = await inventory.setStock(product.id, stock, asked(call, by));
      return { ...product, stock: available };
    }
    const [shown] = await withStock([product], optionsOf(call));
    return shown ?? { ...product, stock: undefined };
  }

  return {
    async create({ stock, ...fields }, call, by) {
      const product = await catalog.create(fields, asked(call, by));
      const created = await stocked(product, stock, call, by);
      movedAt.set(by.userId, clock.monotonic());
      return created;
    },
    async update(id, { stock, ...fields }, call, by) {
      const product = await catalog.update(id, fields, asked(call, by));
      const updated = await stocked(product, stock, call, by);
      movedAt.set(by.userId, clock.monotonic());
      return updated;
    },
    async delete(id, call, by) {
      await catalog.delete(id, asked(call, by));
      movedAt.set(by.userId, clock.monotonic());
    },
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
