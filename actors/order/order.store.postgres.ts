import type { PostgresRow, PostgresTable } from '@trolley/runtime/postgres';
import { z } from 'zod';
import { centsFromNumeric, numericFromCents } from '../values/numeric-cents.ts';
import { Order, type OrderState } from './order.state.ts';

const ItemsColumn = z.array(
  z.object({
    product_id: z.number(),
    product_name: z.string(),
    quantity: z.number(),
    unit_price_cents: z.number(),
  }),
);

const DetailsColumn = z.object({ refunded: z.boolean(), restocked: z.boolean() });

/** Orders in the table `orders`. */
export const orderTable: PostgresTable<OrderState> = {
  table: 'orders',
  keyColumn: 'checkout_id',
  columns: [
    { name: 'id', type: 'uuid' },
    { name: 'user_id', type: 'bigint' },
    { name: 'status', type: 'text' },
    { name: 'items', type: 'jsonb' },
    { name: 'total_amount', type: 'numeric' },
    { name: 'currency', type: 'text' },
    { name: 'shipping_address', type: 'jsonb' },
    { name: 'details', type: 'jsonb' },
  ],
  renewed: ['changed_in'],

  toRow(key, { order }) {
    if (order === null)
      throw new TypeError(`order of checkout ${key} was not created: there is nothing to store`);
    return {
      id: order.id,
      user_id: order.userId,
      status: order.status,
      items: order.items.map((item) => ({
        product_id: item.productId,
        product_name: item.productName,
        quantity: item.quantity,
        unit_price_cents: item.unitPriceCents,
      })),
      total_amount: numericFromCents(order.totalCents),
      currency: order.currency,
      shipping_address: order.shippingAddress ?? null,
      details: { refunded: order.refunded, restocked: order.restocked },
    };
  },

  fromRow: (row) => ({ order: orderFromRow(row) }),
};

/** A row of `orders`, times as ISO 8601 or `Date`. */
export function orderFromRow(row: PostgresRow): Order {
  return Order.parse({
    id: row['id'],
    checkoutId: row['checkout_id'],
    userId: Number(row['user_id']),
    status: row['status'],
    items: ItemsColumn.parse(row['items']).map((item) => ({
      productId: item.product_id,
      productName: item.product_name,
      quantity: item.quantity,
      unitPriceCents: item.unit_price_cents,
    })),
    totalCents: centsFromNumeric(String(row['total_amount'])),
    currency: row['currency'],
    shippingAddress: row['shipping_address'] ?? undefined,
    ...DetailsColumn.parse(row['details']),
    createdAt: new Date(row['created_at'] as string | Date).getTime(),
    updatedAt: new Date(row['updated_at'] as string | Date).getTime(),
  });
}
