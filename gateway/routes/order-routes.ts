import type { OrderView } from '../../actors/order/order.contract.ts';
import { cancelOrder, getOrder, listOrders, setOrderStatus } from '../api/order-api.ts';
import { Money, writtenOnce, type Json } from '../money-json.ts';
import type { Orders } from '../orders.ts';
import { keyAmongUsers } from '../request-keys.ts';
import { defineRoute, ownerFor, type Route } from './route.ts';

export function orderRoutes(orders: Orders): Route[] {
  return [
    defineRoute(listOrders, {
      load: 'underway',
      async handle({ user, query }) {
        const page = await orders.list(user.id, { pageSize: query.page_size, pageToken: query.page_token });
        const headers: Record<string, string> =
          page.nextPageToken === undefined ? {} : { 'X-Next-Page-Token': page.nextPageToken };
        return { status: 200, headers, body: page.orders.map(orderText) };
      },
    }),
    defineRoute(getOrder, {
      load: 'underway',
      handle: async ({ user, params }) => ({
        status: 200,
        body: orderText(await orders.get(params.order_id, ownerFor(user))),
      }),
    }),
    defineRoute(cancelOrder, {
      load: 'underway',
      async handle({ user, params, call, idempotencyKey, note }) {
        const key = keyAmongUsers(user.id, idempotencyKey);
        const order = await orders.cancel(params.order_id, user.id, call, key);
        note({ checkoutId: order.checkoutId });
        return { status: 200, body: orderText(order) };
      },
    }),
    defineRoute(setOrderStatus, {
      load: 'underway',
      async handle({ user, params, body, call, idempotencyKey, note }) {
        const key = keyAmongUsers(user.id, idempotencyKey);
        const order = await orders.setStatus(params.order_id, body.status, call, key);
        note({ checkoutId: order.checkoutId });
        return { status: 200, body: orderText(order) };
      },
    }),
  ];
}

export const orderText = writtenOnce(orderJson);

function orderJson(order: OrderView): Json {
  return {
    id: order.id,
    checkout_id: order.checkoutId,
    user_id: order.userId,
    total_amount: new Money(order.totalCents),
    currency: order.currency,
    status: order.status,
    items: order.items.map(({ productId, productName, quantity, unitPriceCents }) => ({
      product_id: productId,
      product_name: productName,
      quantity,
      price: new Money(unitPriceCents),
    })),
    shipping_address: order.shippingAddress,
    created_at: order.createdAt,
    updated_at: order.updatedAt,
  };
}
