import type { ActorRefs, Logger } from '@trolley/runtime';
import { levelOfRetry } from '@trolley/runtime/observe';
import { ShopError } from './error-table.ts';
import { CartContract, type CartView } from '../actors/cart/cart.contract.ts';
import type { CartViews } from '../actors/cart/cart.view.ts';
import type { CacheTally } from './cache-tally.ts';
import type { Call } from './call.ts';
import type { PriceList } from './price-list.ts';
import { SingleFlight } from './single-flight.ts';

interface Line {
  readonly productId: number;
  readonly quantity: number;
}

/** How a cart is changed. */
export interface CartChange {
  readonly idempotencyKey?: string | undefined;
  /** The versions of the cart that it is for; undefined: any. */
  readonly versions?: readonly number[] | undefined;
}

/** What the shop does with carts, for REST and gRPC alike. Each change is refused with `precondition_failed` where the cart's version is not asked for. */
export interface Carts {
  get(userId: number, call: Call): Promise<CartView>;
  /** Refused: `not_found` for a product that is not sold, `quantity_limit`, `cart_full`. */
  add(userId: number, line: Line, call: Call, how?: CartChange): Promise<CartView>;
  /** Refused: `not_found` when the product is not in the cart. */
  setQuantity(userId: number, line: Line, call: Call, how?: CartChange): Promise<CartView>;
  remove(userId: number, productId: number, call: Call, how?: CartChange): Promise<CartView>;
  clear(userId: number, call: Call, how?: CartChange): Promise<CartView>;
}

interface CartsOptions {
  readonly refs: ActorRefs;
  readonly views: CartViews;
  readonly prices: PriceList;
  readonly logger: Logger;
  /** How long a read that is shared by many may take; none of their own deadlines ends it. */
  readonly readTimeoutMs: number;
  readonly tally?: CacheTally | undefined;
}

export function createCarts(options: CartsOptions): Carts {
  const { refs, views, prices, logger, readTimeoutMs, tally = { hits: 0, misses: 0 } } = options;
  const reads = new SingleFlight<CartView>();
  const cart = (userId: number) => refs.ref(CartContract, String(userId));

  async function fromView(userId: number): Promise<CartView | undefined> {
    try {
      return await views.get(userId);
    } catch (err) {
      // The view is only a shortcut: the actor knows all that it knows.
      logger[levelOfRetry(err)]({ err, userId }, 'the cart view is not readable');
      return undefined;
    }
  }

  return {
    async get(userId, { requestId, traceparent, tracestate }) {
      const view = await fromView(userId);
      tally[view === undefined ? 'misses' : 'hits'] += 1;
      if (view !== undefined) return view;
      return reads.run(String(userId), () =>
        cart(userId).getCart({}, { requestId, traceparent, tracestate, timeoutMs: readTimeoutMs }),
      );
    },
    async add(userId, line, call, how) {
      if (!(await prices.isSold(line.productId, call))) {
        throw new ShopError('not_found', `there is no product ${line.productId}`);
      }
      return cart(userId).addItem(forVersions(line, how), sentWith(call, how));
    },
    setQuantity: (userId, line, call, how) =>
      cart(userId).setQuantity(forVersions(line, how), sentWith(call, how)),
    remove: (userId, productId, call, how) =>
      cart(userId).removeItem(forVersions({ productId }, how), sentWith(call, how)),
    clear: (userId, call, how) => cart(userId).clearCart(forVersions({}, how), sentWith(call, how)),
  };
}

function forVersions<I extends object>(input: I, how?: CartChange): I & { ifVersion?: number[] } {
  return how?.versions === undefined ? input : { ...input, ifVersion: [...how.versions] };
}

/** Without the call's signal: a change happens also when its caller has gone, and is answered within the same time. */
function sentWith({ requestId, traceparent, tracestate, timeoutMs }: Call, how?: CartChange) {
  return { requestId, traceparent, tracestate, timeoutMs, idempotencyKey: how?.idempotencyKey };
}
