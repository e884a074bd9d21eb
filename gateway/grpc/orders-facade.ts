import { z } from 'zod';
import type { OrderView } from '../../actors/order/order.contract.ts';
import { OrderStatus } from '../../actors/order/order-status.contract.ts';
import { fitting } from '../../actors/services/grpc/message-size.ts';
import type { UnaryService } from '../../actors/services/grpc/unary-service.ts';
import { Order, OrdersServiceService } from '../../proto/gen/orders/orders.ts';
import { maxPageSize } from '../../actors/values/page-size.contract.ts';
import { PathUuid, QueryPageToken } from '../api/fields.ts';
import { guarded } from '../guard.ts';
import type { Orders } from '../orders.ts';
import { facade, type Loads } from './facade.ts';
import { callOf, userIdOf, type FacadeOptions } from './incoming.ts';

const loads: Loads<typeof OrdersServiceService> = {
  getOrder: 'underway',
  listOrders: 'underway',
  updateOrderStatus: 'underway',
  cancelOrder: 'underway',
};

/** `orders.OrdersService` over the same orders as the REST API. Its file is `orders/orders.proto`. */
export function ordersFacade(orders: Orders, options: FacadeOptions): UnaryService {
  return facade(OrdersServiceService, loads, options, {
    async getOrder({ orderId }, { userId }) {
      // The request names no user; a caller that acts for one says so in the metadata.
      const owner = userId === undefined ? undefined : userIdOf(userId);
      return { order: orderOf(await orders.get(uuidOf(orderId), owner)) };
    },
    async listOrders({ userId, pageSize, pageToken }) {
      const user = userIdOf(userId);
      const page = guarded(Page, { page_size: pageSize, page_token: pageToken });
      const asked = {
        pageToken: page.page_token,
        pageSize: page.page_size === 0 ? undefined : page.page_size,
      };
      for (;;) {
        const { orders: found, nextPageToken } = await orders.list(user, asked);
        const listed = found.map(orderOf);
        const fit = fitting(listed, (order) => Order.encode(order).finish().length).length;
        if (fit === listed.length) return { orders: listed, nextPageToken: nextPageToken ?? '' };
        // A page that is too large for one message is asked for again, as long as what fits.
        asked.pageSize = fit;
      }
    },
    async updateOrderStatus({ orderId, status }, call) {
      const to = guarded(z.object({ status: OrderStatus }), { status }).status;
      return { order: orderOf(await orders.setStatus(uuidOf(orderId), to, callOf(call, options))) };
    },
    async cancelOrder({ orderId, userId }, call) {
      const owner = userIdOf(userId);
      return { order: orderOf(await orders.cancel(uuidOf(orderId), owner, callOf(call, options))) };
    },
  });
}

/** 0 is what the wire says for nothing. */
const Page = z.object({ page_size: z.int().min(0).max(maxPageSize), page_token: QueryPageToken });

function uuidOf(orderId: string): string {
  return guarded(z.object({ order_id: PathUuid }), { order_id: orderId }).order_id;
}

function orderOf(view: OrderView): Order {
  return {
    id: view.id,
    checkoutId: view.checkoutId,
    userId: String(view.userId),
    totalAmount: view.totalCents / 100,
    currency: view.currency,
    status: view.status,
    items: view.items.map(({ productId, productName, quantity, unitPriceCents }) => ({
      productId: BigInt(productId),
      productName,
      quantity,
      price: unitPriceCents / 100,
    })),
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
  };
}
