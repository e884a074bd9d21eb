import { z } from 'zod';
import { OrderStatus, type OrderView } from '../../actors/order/order.contract.ts';
import { PathUuid, QueryPageSize, QueryPageToken } from '../fields.ts';
import { Money, writtenOnce, type Json } from '../money-json.ts';
import type { Orders } from '../orders.ts';
import { keyAmongUsers } from '../request-keys.ts';
import { defineRoute, ownerFor, type Route } from './route.ts';

const Params = z.object({ order_id: PathUuid });

export function orderRoutes(orders: Orders): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/orders',
      access: 'user',
      load: 'underway',
      query: z.object({ page_size: QueryPageSize.optional(), page_token: QueryPageToken.optional() }),
      async handle({ user, query }) {
        const page = await orders.list(user.id, { pageSize: query.page_size, pageToken: query.page_token });
        const headers: Record<string, string> =
          page.nextPageToken === undefined ? {} : { 'X-Next-Page-Token': page.nextPageToken };
        return { status: 200, headers, body: page.orders.map(orderText) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/orders/:order_id',
      access: 'user',
      load: 'underway',
      params: Params,
      handle: async ({ user, params }) => ({
        status: 200,
        body: orderText(await orders.get(params.order_id, ownerFor(user))),
      }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/orders/:order_id/cancel',
      access: 'user',
      retryable: 'by the gateway',
      load: 'underway',
      params: Params,
      async handle({ user, params, call, idempotencyKey, note }) {
        const key = keyAmongUsers(user.id, idempotencyKey);
        const order = await orders.cancel(params.order_id, user.id, call, key);
        note({ checkoutId: order.checkoutId });
        return { status: 200, body: orderText(order) };
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/api/v1/orders/:order_id/status',
      access: 'admin',
      retryable: 'by the gateway',
      load: 'underway',
      params: Params,
      body: z.object({ status: OrderStatus }),
      async handle({ user, params, body, call, idempotencyKey, note }) {
        const key = keyAmongUsers(user.id, idempotencyKey);
        const order = await orders.setStatus(params.order_id, body.status, call, key);
        note({ checkoutId: order.checkoutId });
        return { status: 200, body: orderText(order) };
      },
    }),
  ];
}

const orderText = writtenOnce(orderJson);

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
