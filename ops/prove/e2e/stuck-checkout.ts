import { PostgresStateStore, type PostgresPool } from '@trolley/runtime/postgres';
import { checkoutIdFor } from '../../../actors/checkout/checkout.contract.ts';
import { inputOf } from '../../../actors/checkout/checkout.effects.ts';
import type { CheckoutEvent } from '../../../actors/checkout/checkout.events.ts';
import { advanceSaga, beginSaga } from '../../../actors/checkout/checkout.saga.ts';
import { checkoutTable } from '../../../actors/checkout/checkout.store.postgres.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Leaves a checkout of this user in the store as its actor would have written it, whose reservation got no answer and is
 * tried again in a year: it goes on only where somebody says so. Returns its id.
 */
export async function leaveStuckCheckout(pool: PostgresPool, userId: number): Promise<string> {
  const at = Date.now() - 120_000;
  const idempotencyKey = `stuck-${userId}`;
  const checkoutId = checkoutIdFor(userId, idempotencyKey);
  const limits = { reserveMs: hourMs, paymentMs: hourMs };
  const line = { productId: 2, quantity: 1, productName: 'Mouse', unitPriceCents: 2_999 };
  const events: CheckoutEvent[] = [
    { type: 'ClaimAndPrice.done', at: at + 4, lines: [line], totalCents: 2_999, cartVersion: 1 },
    { type: 'Reserve.unknown', at: at + 9, code: 'unavailable', message: 'no line to the inventory' },
  ];
  const began = beginSaga({ checkoutId, userId, idempotencyKey, currency: 'USD', limits, at });
  const { session } = events.reduce((step, event) => advanceSaga(step.session, event), began);
  const effect = {
    ...{ id: 'step', run: 'r', name: 'Reserve', input: inputOf('Reserve', session.context) },
    notBefore: Date.now() + 365 * dayMs,
  };
  const record = { state: { session }, applied: [], effects: [effect], waiting: [] };
  const store = new PostgresStateStore({ pool, table: checkoutTable });
  await store.write({ key: checkoutId, expectedVersion: 0, record, events: [], now: at + 9 });
  await store.close();
  return checkoutId;
}
