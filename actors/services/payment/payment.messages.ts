import {
  ChargeStatus,
  PaymentRefusal,
  PaymentStatus,
  type ChargeResponse,
  type Payment,
} from '../../../proto/gen/payment/payment.ts';
import { formatAmount } from './payment.requests.ts';
import type { StoredPayment } from './payment.store.ts';

const knownReasons: Readonly<Record<string, PaymentRefusal>> = {
  unknown: PaymentRefusal.UNKNOWN,
  no_funds: PaymentRefusal.NO_FUNDS,
  card_declined: PaymentRefusal.CARD_DECLINED,
  card_expired: PaymentRefusal.CARD_EXPIRED,
  invalid_ccv: PaymentRefusal.INVALID_CCV,
  network_error: PaymentRefusal.NETWORK_ERROR,
};

type Refusal = Exclude<ChargeResponse['refusal'], undefined>;

function refusalOf(reason: string): Refusal {
  const known = knownReasons[reason];
  return known === undefined
    ? { $case: 'otherReason', value: reason }
    : { $case: 'knownReason', value: known };
}

/** The reason in snake case, e.g. `card_declined`; `unknown` when none or a newer one was given. */
export function reasonOf(refusal: ChargeResponse['refusal']): string {
  if (refusal?.$case === 'otherReason') return refusal.value;
  const [name] = Object.entries(knownReasons).find(([, number]) => number === refusal?.value) ?? [];
  return name ?? 'unknown';
}

/** What a charge is refused with though the payment itself has not failed. */
const lateReasons = { refunded: 'refunded', tombstone: 'refunded_before_charge' } as const;

export function chargeResponseOf(payment: StoredPayment): ChargeResponse {
  const { checkoutId, paymentId, status, transactionId, refusal } = payment;
  if (status === 'charged') {
    return { status: ChargeStatus.SUCCESS, transactionId, checkoutId, paymentId, refusal: undefined };
  }
  // Also a charge that has been refunded since: to call it a success would give the goods away.
  const reason = status === 'failed' ? refusal : lateReasons[status];
  return {
    status: ChargeStatus.FAILED,
    transactionId: '',
    refusal: refusalOf(reason),
    checkoutId,
    paymentId,
  };
}

const wireStatus = {
  charged: PaymentStatus.CHARGED,
  failed: PaymentStatus.FAILED,
  refunded: PaymentStatus.REFUNDED,
  tombstone: PaymentStatus.TOMBSTONE,
} as const;

export function paymentMessageOf(payment: StoredPayment): Payment {
  const { paymentId, checkoutId, status, amountCents, currency, transactionId, refusal } = payment;
  return {
    paymentId,
    checkoutId,
    status: wireStatus[status],
    amount: status === 'tombstone' ? '' : formatAmount(amountCents),
    currency,
    transactionId,
    refusal: refusal === '' ? undefined : refusalOf(refusal),
    createdAt: new Date(payment.createdAt).toISOString(),
    updatedAt: new Date(payment.updatedAt).toISOString(),
  };
}
