import { z } from 'zod';
import { OrderStatus } from '../../actors/order/order-status.contract.ts';
import { describeRoute } from './describe-route.ts';
import { PathUuid, QueryPageSize, QueryPageToken } from './fields.ts';
import { Amount, Currency, Id, Timestamp, Uuid } from './values.ts';

const tag = 'Orders';
const orders = '/api/v1/orders';
const order = `${orders}/:order_id` as const;
const OrderParams = z.object({ order_id: PathUuid });
/** Of the checkout that is the example of `checkout-api.ts`. */
const exampleId = '0b2c7ad9-7b28-51b7-8a41-216bbbd92391';

export const Order = z
  .object({
    id: Uuid,
    checkout_id: Uuid,
    user_id: Id,
    total_amount: Amount,
    currency: Currency,
    status: OrderStatus,
    items: z.array(
      z.object({ product_id: Id, product_name: z.string(), quantity: z.int().min(1), price: Amount }),
    ),
    shipping_address: z.record(z.string(), z.string()).optional(),
    created_at: Timestamp,
    updated_at: Timestamp,
  })
  .meta({ id: 'Order' });

export const listOrders = describeRoute({
  operationId: 'listOrders',
  tag,
  summary: 'The orders of the user, newest first.',
  description:
    'The first page may wait for the order of a checkout that has just completed, 100 ms after it at most.',
  method: 'GET',
  path: orders,
  access: 'user',
  query: z.object({ page_size: QueryPageSize.optional(), page_token: QueryPageToken.optional() }),
  example: { query: { page_size: '10' } },
  answers: {
    200: { description: 'A page of orders.', body: z.array(Order), headers: ['X-Next-Page-Token'] },
  },
});

export const getOrder = describeRoute({
  operationId: 'getOrder',
  tag,
  summary: 'One order.',
  description: "Someone else's is not found, as one that does not exist; an admin sees all.",
  method: 'GET',
  path: order,
  access: 'user',
  params: OrderParams,
  example: { params: { order_id: exampleId } },
  answers: { 200: { description: 'The order.', body: Order } },
  refusals: ['not_found'],
});

export const cancelOrder = describeRoute({
  operationId: 'cancelOrder',
  tag,
  summary: 'Cancels an order that has not been shipped: refunds and restocks, once.',
  method: 'POST',
  path: `${order}/cancel`,
  access: 'user',
  retryable: 'by the gateway',
  params: OrderParams,
  example: { params: { order_id: exampleId } },
  answers: { 200: { description: 'The cancelled order.', body: Order } },
  refusals: ['not_found', 'conflict'],
});

export const setOrderStatus = describeRoute({
  operationId: 'setOrderStatus',
  tag,
  summary: 'Moves an order along its life.',
  description: 'CONFIRMED → PROCESSING → SHIPPED → DELIVERED, and CANCELLED from the first two.',
  method: 'PATCH',
  path: `${order}/status`,
  access: 'admin',
  retryable: 'by the gateway',
  params: OrderParams,
  body: z.object({ status: OrderStatus }),
  example: { params: { order_id: exampleId }, body: { status: 'PROCESSING' } },
  answers: { 200: { description: 'The order as it is now.', body: Order } },
  refusals: ['not_found', 'conflict'],
});
