import { levelOfRetry, type Logger } from '@trolley/runtime';
import type { Inventory } from '../actors/services/inventory/inventory.client.ts';
import type { ProductCatalog, ProductQuery, ProductView } from '../actors/services/product/product.client.ts';
import { onBehalfOf, type Call } from './call.ts';

/** A product with what is left of it; `undefined` when the inventory does not say. */
export interface StockedProduct extends ProductView {
  readonly stock: number | undefined;
}

export interface Products {
  /** Refused: `invalid_page_token`. */
  list(
    query: ProductQuery,
    call: Call,
    userId: number,
  ): Promise<{ readonly products: readonly StockedProduct[]; readonly nextPageToken?: string }>;
  /** Refused: `not_found`. */
  get(id: number, call: Call, userId: number): Promise<StockedProduct>;
}

interface ProductsOptions {
  readonly catalog: Pick<ProductCatalog, 'list' | 'get'>;
  readonly inventory: Pick<Inventory, 'getStock'>;
  readonly logger: Logger;
}

/** A browsing customer waits this long for the stock at most, and goes without it then. */
const stockTimeoutMs = 1000;

export function createProducts({ catalog, inventory, logger }: ProductsOptions): Products {
  async function withStock(products: readonly ProductView[], call: Call, userId: number) {
    const stocks = new Map<number, number>();
    if (products.length > 0) {
      const context = onBehalfOf(userId, call);
      const timeoutMs = Math.min(stockTimeoutMs, context.timeoutMs);
      try {
        const ids = products.map(({ id }) => id);
        for (const { productId, available } of await inventory.getStock(ids, { ...context, timeoutMs })) {
          stocks.set(productId, available);
        }
      } catch (err) {
        logger[levelOfRetry(err)](
          { err, requestId: call.requestId },
          'products are shown without their stock',
        );
      }
    }
    return products.map((product): StockedProduct => ({ ...product, stock: stocks.get(product.id) }));
  }

  return {
    async list(query, call, userId) {
      const { products, nextPageToken } = await catalog.list(query, onBehalfOf(userId, call));
      const stocked = await withStock(products, call, userId);
      return nextPageToken === undefined ? { products: stocked } : { products: stocked, nextPageToken };
    },
    async get(id, call, userId) {
      const product = await catalog.get(id, onBehalfOf(userId, call));
      const [stocked] = await withStock([product], call, userId);
      return stocked ?? { ...product, stock: undefined };
    },
  };
}
