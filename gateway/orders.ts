import type { ActorRefs } from '@trolley/runtime';
import { OrderContract, noSuchOrder, type OrderView } from '../actors/order/order.contract.ts';
import type { OrderStatus } from '../actors/order/order-status.contract.ts';
import type { OrderPage, OrderQueries, OrdersToCome } from '../actors/order/order.queries.ts';
import { defaultPageSize } from '../actors/values/page-size.contract.ts';
import { optionsOf, type Call } from './call.ts';

interface PageRequest {
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
}

/** What the shop does with orders, for REST and gRPC alike. An idempotency key is one among those of all users. */
export interface Orders {
  /**
   * Newest first; without a page size, the newest 100. Waits a moment for the order of a checkout that has just completed
   * in this process. Refused: `invalid_page_token`.
   */
  list(userId: number, page: PageRequest): Promise<OrderPage>;
  /** Someone else's order is `not_found`; without an owner, anyone's is shown. */
  get(orderId: string, owner?: number): Promise<OrderView>;
  /** Refunds and restocks. Refused: `not_found`, `conflict` once shipped. */
  cancel(orderId: string, owner: number, call: Call, idempotencyKey?: string): Promise<OrderView>;
  /** Refused: `not_found`, `conflict` for a move that the order's life does not have. */
  setStatus(orderId: string, status: OrderStatus, call: Call, idempotencyKey?: string): Promise<OrderView>;
}

interface OrdersOptions {
  readonly refs: ActorRefs;
  readonly queries: OrderQueries;
  /** Undefined: the orders are written elsewhere. */
  readonly toCome: OrdersToCome | undefined;
  /** Called before a user is told that an order is cancelled. */
  readonly stockMoved: (userId: number) => void;
}

export function createOrders({ refs, queries, toCome, stockMoved }: OrdersOptions): Orders {
  async function get(orderId: string, owner?: number): Promise<OrderView> {
    const order = await queries.get(orderId);
    if (order === undefined || (owner !== undefined && order.userId !== owner)) {
      throw noSuchOrder();
    }
    return order;
  }

  return {
    async list(userId, { pageSize = defaultPageSize, pageToken }) {
      const newest = pageToken === undefined ? toCome?.of(userId) : undefined;
      if (newest !== undefined) await newest;
      return queries.list(userId, { pageSize, pageToken });
    },
    get,
    async cancel(orderId, owner, call, idempotencyKey) {
      const { checkoutId } = await get(orderId, owner);
      const cancelled = await refs
        .ref(OrderContract, checkoutId)
        .cancel({}, { ...optionsOf(call), idempotencyKey });
      stockMoved(owner);
      return cancelled;
    },
    async setStatus(orderId, status, call, idempotencyKey) {
      const { checkoutId } = await get(orderId);
      const order = refs.ref(OrderContract, checkoutId);
      return order.setStatus({ status }, { ...optionsOf(call), idempotencyKey });
    },
  };
}
