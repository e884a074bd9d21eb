import type { CheckoutView } from '../../actors/checkout/checkout.contract.ts';
import { orderIdFor } from '../../actors/order/order.contract.ts';
import { cancelCheckout, getCheckout, listCheckouts, startCheckout } from '../api/checkout-api.ts';
import type { Checkouts } from '../checkouts.ts';
import { ShopError } from '../error-table.ts';
import { Money } from '../money-json.ts';
import { keyAmongUsers } from '../request-keys.ts';
import { defineRoute, ownerFor, type Route } from './route.ts';

export function checkoutRoutes(checkouts: Checkouts): Route[] {
  return [
    defineRoute(startCheckout, {
      load: 'saga',
      async handle({ user, body, call, idempotencyKey, note }) {
        const request = {
          idempotencyKey: checkoutKey(body.idempotency_key ?? idempotencyKey),
          shippingAddress: body.shipping_address,
          paymentMethod: body.payment_method,
        };
        const { outcome, checkout } = await checkouts.start(user.id, request, call);
        note(inLog(checkout));
        const status = ({ created: 201, joined: 200, running: 202 } as const)[outcome];
        const headers: Record<string, string> =
          outcome === 'running' ? { Location: `/api/v1/checkout/${checkout.checkoutId}` } : {};
        return { status, headers, body: checkoutJson(checkout) };
      },
    }),
    defineRoute(listCheckouts, {
      async handle({ user, query: { page_size: pageSize, page_token: pageToken, status } }) {
        const page = await checkouts.list(user.id, { pageSize, pageToken, status });
        const body = { checkouts: page.checkouts.map(checkoutJson), next_page_token: page.nextPageToken };
        return { status: 200, body };
      },
    }),
    defineRoute(getCheckout, {
      load: 'underway',
      async handle({ user, params, call, note }) {
        const checkout = await checkouts.get(ownerFor(user), params.checkout_id, call);
        note(inLog(checkout));
        return { status: 200, body: checkoutWithHistoryJson(checkout) };
      },
    }),
    defineRoute(cancelCheckout, {
      load: 'underway',
      async handle({ user, params, call, idempotencyKey, note }) {
        const key = keyAmongUsers(user.id, idempotencyKey);
        const checkout = await checkouts.cancel(user.id, params.checkout_id, call, key);
        note(inLog(checkout));
        return { status: 200, body: checkoutJson(checkout) };
      },
    }),
  ];
}

/** The body's names the checkout; the header's names the request, and the checkout where the body names none. */
function checkoutKey(given: string | undefined): string {
  if (given !== undefined) return given;
  throw new ShopError('missing_idempotency_key', 'idempotency_key: must be in the body, or in the header');
}

function inLog({ checkoutId, status, failureReason }: CheckoutView): Record<string, string> {
  return { checkoutId, checkout: status, ...(failureReason === undefined ? {} : { failureReason }) };
}

function checkoutJson(view: CheckoutView) {
  return {
    checkout_id: view.checkoutId,
    status: view.status,
    failure_reason: view.failureReason,
    failure_details: view.failureDetails?.map(({ productId, requested, available }) => ({
      ...{ product_id: productId, requested, available },
    })),
    order_id: view.status === 'COMPLETED' ? orderIdFor(view.checkoutId) : undefined,
    total_amount: new Money(view.totalCents),
    currency: view.currency,
    created_at: view.createdAt,
    completed_at: view.completedAt,
  };
}

export function checkoutWithHistoryJson(view: CheckoutView) {
  const history = view.history.map(({ status, at, detail }) => ({ status, at, detail }));
  return { ...checkoutJson(view), history };
}
