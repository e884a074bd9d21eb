import type { PostgresTable } from '@trolley/runtime/postgres';
import { z } from 'zod';
import { centsFromNumeric, numericFromCents } from '../values/numeric-cents.ts';
import type { CheckoutContext, CheckoutSession, CheckoutState } from './checkout.state.ts';

/** What has no column of its own stays within the machine's snapshot. */
type Rest = Pick<
  CheckoutContext,
  | 'limits'
  | 'failureDetails'
  | 'createdAt'
  | 'cartVersion'
  | 'retries'
  | 'giveUpAt'
  | 'reservedAgain'
  | 'cancelRequested'
  | 'undo'
>;

const SnapshotColumn = z.object({
  machine: z.string(),
  version: z.string(),
  value: z.unknown(),
  context: z.record(z.string(), z.unknown()),
  traceId: z.string().optional(),
  journal: z.unknown().optional(),
});

const CartColumn = z.array(
  z.object({
    product_id: z.number(),
    product_name: z.string(),
    quantity: z.number(),
    unit_price_cents: z.number(),
  }),
);

/** Checkouts in `checkout_sessions`, in the columns that others read. */
export const checkoutTable: PostgresTable<CheckoutState> = {
  table: 'checkout_sessions',
  keyColumn: 'id',
  columns: [
    { name: 'user_id', type: 'bigint' },
    { name: 'cart_snapshot', type: 'jsonb' },
    { name: 'status', type: 'text' },
    { name: 'idempotency_key', type: 'text' },
    { name: 'inventory_reservation_id', type: 'text' },
    { name: 'payment_id', type: 'text' },
    { name: 'total_amount', type: 'numeric' },
    { name: 'currency', type: 'text' },
    { name: 'shipping_address', type: 'jsonb' },
    { name: 'payment_method', type: 'text' },
    { name: 'failure_reason', type: 'text' },
    { name: 'machine_snapshot', type: 'jsonb' },
    { name: 'history', type: 'jsonb' },
    { name: 'completed_at', type: 'timestamptz' },
  ],
  renewed: ['changed_in'],

  toRow(key, { session }) {
    if (session === null) throw new TypeError(`checkout ${key} has not begun: there is nothing to store`);
    const { machine, machineVersion: version, value, context, traceId, journal } = session;
    const { limits, createdAt, cartVersion, retries, giveUpAt, reservedAgain, cancelRequested, undo } =
      context;
    const { failureDetails } = context;
    const rest = {
      ...{ limits, createdAt, cartVersion, retries, giveUpAt, reservedAgain, cancelRequested, undo },
      ...(failureDetails === undefined ? {} : { failureDetails }),
    };
    return {
      user_id: context.userId,
      cart_snapshot: context.lines.map((line) => ({
        product_id: line.productId,
        product_name: line.productName,
        quantity: line.quantity,
        unit_price_cents: line.unitPriceCents,
      })),
      status: context.status,
      idempotency_key: context.idempotencyKey,
      inventory_reservation_id: context.reservationId ?? null,
      payment_id: context.paymentId ?? null,
      total_amount: numericFromCents(context.totalCents),
      currency: context.currency,
      shipping_address: context.shippingAddress ?? null,
      payment_method: context.paymentMethod ?? null,
      failure_reason: context.failureReason ?? null,
      machine_snapshot: { machine, version, value, context: rest satisfies Rest, traceId, journal },
      history: context.history,
      completed_at: context.completedAt === undefined ? null : new Date(context.completedAt).toISOString(),
    };
  },

  // The runtime parses what comes out with the state's own schema.
  fromRow(row) {
    const {
      machine,
      version: machineVersion,
      value,
      context,
      traceId,
      journal,
    } = SnapshotColumn.parse(row['machine_snapshot']);
    const lines = CartColumn.parse(row['cart_snapshot'] ?? []).map((line) => ({
      productId: line.product_id,
      productName: line.product_name,
      quantity: line.quantity,
      unitPriceCents: line.unit_price_cents,
    }));
    const columns = {
      checkoutId: row['id'],
      userId: Number(row['user_id']),
      lines,
      status: row['status'],
      idempotencyKey: row['idempotency_key'],
      reservationId: row['inventory_reservation_id'] ?? undefined,
      paymentId: row['payment_id'] ?? undefined,
      totalCents: centsFromNumeric(String(row['total_amount'])),
      currency: row['currency'],
      shippingAddress: row['shipping_address'] ?? undefined,
      paymentMethod: row['payment_method'] ?? undefined,
      failureReason: row['failure_reason'] ?? undefined,
      history: row['history'],
      completedAt: timeOf(row['completed_at']),
    };
    const known = { machine, machineVersion, value, context: { ...context, ...columns } };
    const session: unknown = { ...known, ...(traceId === undefined ? {} : { traceId }), journal };
    return { session: session as CheckoutSession };
  },
};

function timeOf(column: unknown): number | undefined {
  return typeof column === 'string' ? Date.parse(column) : undefined;
}
