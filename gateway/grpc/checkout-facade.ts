import { z } from 'zod';
import type { CheckoutView } from '../../actors/checkout/checkout.contract.ts';
import { GivenAddress } from '../../actors/checkout/shipping-address.contract.ts';
import type { CheckoutStatus as Status } from '../../actors/checkout/checkout-status.contract.ts';
import type { UnaryService } from '../../actors/services/grpc/unary-service.ts';
import {
  CheckoutServiceService,
  CheckoutStatus,
  type Address,
  type CheckoutSession,
} from '../../proto/gen/checkout/checkout.ts';
import type { Checkouts } from '../checkouts.ts';
import { BodyIdempotencyKey, BodyPaymentMethod, PathUuid } from '../api/fields.ts';
import { guarded } from '../guard.ts';
import { facade, type Loads } from './facade.ts';
import { callOf, userIdOf, type FacadeOptions } from './incoming.ts';

const loads: Loads<typeof CheckoutServiceService> = {
  initiateCheckout: 'saga',
  getCheckoutStatus: 'underway',
  cancelCheckout: 'underway',
};

/** `checkout.CheckoutService` over the same checkouts as the REST API. Its file is `checkout/checkout.proto`. */
export function checkoutFacade(checkouts: Checkouts, options: FacadeOptions): UnaryService {
  return facade(CheckoutServiceService, loads, options, {
    async initiateCheckout({ userId, idempotencyKey, shippingAddress, paymentMethod }, call) {
      const user = userIdOf(userId);
      const fields = guarded(Initiate, {
        idempotency_key: idempotencyKey,
        shipping_address: addressOf(shippingAddress),
        payment_method: paymentMethod === '' ? undefined : paymentMethod,
      });
      const request = {
        idempotencyKey: fields.idempotency_key,
        shippingAddress: fields.shipping_address,
        paymentMethod: fields.payment_method,
      };
      const { checkout } = await checkouts.start(user, request, callOf(call, options));
      return {
        checkoutId: checkout.checkoutId,
        status: statusOf(checkout.status),
        failureReason: checkout.failureReason ?? '',
      };
    },
    async getCheckoutStatus({ checkoutId, userId }, call) {
      return sessionOf(await checkouts.get(userIdOf(userId), uuidOf(checkoutId), callOf(call, options)));
    },
    async cancelCheckout({ checkoutId, userId }, call) {
      return sessionOf(await checkouts.cancel(userIdOf(userId), uuidOf(checkoutId), callOf(call, options)));
    },
  });
}

const Initiate = z.object({
  idempotency_key: BodyIdempotencyKey,
  shipping_address: GivenAddress.optional(),
  payment_method: BodyPaymentMethod.optional(),
});

/** With the names of the wire's fields; what is empty was not given. */
function addressOf(address: Address | undefined): Record<string, string> | undefined {
  if (address === undefined) return undefined;
  const { recipient, line1, line2, city, region, postalCode, country, phone } = address;
  const all = { recipient, line1, line2, city, region, postal_code: postalCode, country, phone };
  const given = Object.entries(all).filter(([, value]) => value !== '');
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

const Checkout = z.object({ checkout_id: PathUuid });

function uuidOf(checkoutId: string): string {
  return guarded(Checkout, { checkout_id: checkoutId }).checkout_id;
}

function statusOf(status: Status): CheckoutStatus {
  return CheckoutStatus[status];
}

function sessionOf(view: CheckoutView): CheckoutSession {
  return {
    checkoutId: view.checkoutId,
    userId: BigInt(view.userId),
    status: statusOf(view.status),
    failureReason: view.failureReason ?? '',
    totalCents: BigInt(view.totalCents),
    currency: view.currency,
    createdAt: view.createdAt,
    updatedAt: view.history.at(-1)?.at ?? view.createdAt,
    completedAt: view.completedAt ?? '',
    history: view.history.map(({ status, at }) => ({ status: statusOf(status), at })),
  };
}
