import type { ActorRefs, Clock, Logger } from '@trolley/runtime';
import type { Changes } from '../actors/changes/changes.queries.ts';
import type { CartViews } from '../actors/cart/cart.view.ts';
import type { BuyerCheckouts } from '../actors/checkout/buyer-checkouts.queries.ts';
import type { CheckoutView } from '../actors/checkout/checkout.contract.ts';
import type { OrderView } from '../actors/order/order.contract.ts';
import type { OrderQueries, OrdersToCome } from '../actors/order/order.queries.ts';
import type { Inventory } from '../actors/services/inventory/inventory.client.ts';
import type { ProductAdministration, ProductCatalog } from '../actors/services/product/product.client.ts';
import type { CacheTally } from './cache-tally.ts';
import { createCarts, type Carts } from './carts.ts';
import { createCheckouts, type Checkouts } from './checkouts.ts';
import { createOrders, type Orders } from './orders.ts';
import { createPriceList, type PriceList } from './price-list.ts';
import { createProducts, type Products } from './products.ts';
import { createRequestKeys, type RequestKeys } from './request-keys.ts';

/** What is counted of each cache. */
export type Caches = Readonly<Record<'prices' | 'cart_views', CacheTally>>;

/** Everything that can be asked of the shop; one of these serves the REST app and the gRPC façades together. */
export interface Shop {
  readonly carts: Carts;
  readonly checkouts: Checkouts;
  readonly orders: Orders;
  readonly products: Products;
  readonly prices: PriceList;
  readonly changes: ShopChanges;
  readonly keys: RequestKeys;
}

/** Changes of checkouts and orders, for streams of events. */
export interface ShopChanges {
  readonly checkouts: Changes<CheckoutView>;
  readonly orders: Changes<OrderView>;
}

export interface ShopDeps {
  readonly refs: ActorRefs;
  readonly catalog: ProductCatalog & ProductAdministration;
  readonly inventory: Pick<Inventory, 'getStock' | 'setStock'>;
  readonly cartViews: CartViews;
  readonly orderQueries: OrderQueries;
  /** Undefined: the orders are written elsewhere. */
  readonly ordersToCome?: OrdersToCome | undefined;
  readonly buyerCheckouts: BuyerCheckouts;
  readonly changes: ShopChanges;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the payment methods count that force an outcome. */
  readonly forcingPaymentMethods: boolean;
  /** How long a caller waits for an answer. */
  readonly requestTimeoutMs: number;
  readonly caches?: Caches | undefined;
}

export function createShop(deps: ShopDeps): Shop {
  const { refs, catalog, inventory, clock, logger } = deps;
  const prices = createPriceList({ catalog, clock, tally: deps.caches?.prices });
  const readTimeoutMs = deps.requestTimeoutMs;
  const products = createProducts({ catalog, inventory, clock, logger, readTimeoutMs });
  const { stockMoved } = products;
  return {
    keys: createRequestKeys(refs),
    changes: deps.changes,
    prices,
    products,
    carts: createCarts({
      refs,
      views: deps.cartViews,
      prices,
      logger,
      readTimeoutMs,
      tally: deps.caches?.cart_views,
    }),
    checkouts: createCheckouts({
      refs,
      buyerCheckouts: deps.buyerCheckouts,
      forcingPaymentMethods: deps.forcingPaymentMethods,
      stockMoved,
    }),
    orders: createOrders({ refs, queries: deps.orderQueries, toCome: deps.ordersToCome, stockMoved }),
  };
}
