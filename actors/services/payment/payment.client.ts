import { RpcError } from '../grpc/rpc-error.ts';
import { ChargeStatus, PaymentServiceService, PaymentStatus } from '../../../proto/gen/payment/payment.ts';
import { openGrpcClient, type GrpcClientOptions, type ServiceConnection } from '../grpc/grpc.client.ts';
import type { ServiceCall } from '../service-call.ts';
import { reasonOf } from './payment.messages.ts';
import { formatAmount, parseAmount } from './payment.requests.ts';

export { parsePaymentMethod } from './payment-method.ts';

export interface ChargeRequest {
  /** The same checkout is charged once, however often this is called. */
  readonly checkoutId: string;
  readonly amountCents: number;
  /** ISO 4217. */
  readonly currency: string;
  /** A name such as `card`, or a token; never the number of a card. */
  readonly paymentMethod?: string | undefined;
}

export type ChargeResult =
  | { readonly status: 'success'; readonly transactionId: string; readonly paymentId: string }
  /** `reason` in snake case, e.g. `card_declined`. */
  | { readonly status: 'failed'; readonly reason: string };

export interface PaymentView {
  readonly paymentId: string;
  readonly checkoutId: string;
  /** `pending`: not yet decided; `tombstone`: refunded before it was charged. */
  readonly status: 'pending' | 'charged' | 'failed' | 'refunded' | 'tombstone' | 'unknown';
  readonly amountCents: number;
  readonly currency: string;
  readonly transactionId: string;
  /** Only of a failed one. */
  readonly reason?: string;
  /** RFC 3339; empty while pending. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Payments, to those who call the payment service. */
export interface Payments {
  /**
   * A refusal is an answer. `conflict` when the checkout was charged with another amount. After an unknown
   * outcome the money may have been taken: charge again, or refund.
   */
  charge(request: ChargeRequest, context?: ServiceCall): Promise<ChargeResult>;
  /** May be repeated. From here on nothing is charged, also not by a Charge that is still on its way. */
  refund(checkoutId: string, context?: ServiceCall): Promise<void>;
  /** `not_found` when there is none. */
  getPayment(checkoutId: string, context?: ServiceCall): Promise<PaymentView>;
}

const viewStatus: Readonly<Record<PaymentStatus, PaymentView['status']>> = {
  [PaymentStatus.UNSPECIFIED]: 'unknown',
  [PaymentStatus.PENDING]: 'pending',
  [PaymentStatus.CHARGED]: 'charged',
  [PaymentStatus.FAILED]: 'failed',
  [PaymentStatus.REFUNDED]: 'refunded',
  [PaymentStatus.TOMBSTONE]: 'tombstone',
  [PaymentStatus.UNRECOGNIZED]: 'unknown',
};

/** Payments over gRPC. */
export function openPayments(options: GrpcClientOptions): Payments & ServiceConnection {
  const client = openGrpcClient(PaymentServiceService, options);
  return {
    async charge({ checkoutId, amountCents, currency, paymentMethod = '' }, context) {
      const request = { checkoutId, amount: formatAmount(amountCents), paymentMethod, currency };
      const { status, transactionId, paymentId, refusal } = await client.call('charge', request, context);
      switch (status) {
        case ChargeStatus.SUCCESS:
          return { status: 'success', transactionId, paymentId };
        case ChargeStatus.FAILED:
          return { status: 'failed', reason: reasonOf(refusal) };
        default:
          // Neither yes nor no, to those who can't read it: the outcome is unknown.
          throw new RpcError('internal', `a charge with the unknown status ${status}`);
      }
    },
    async refund(checkoutId, context) {
      await client.call('refund', { checkoutId }, context);
    },
    async getPayment(checkoutId, context) {
      const { payment } = await client.call('getPayment', { checkoutId }, context);
      if (payment === undefined) throw new RpcError('internal', 'an answer without a payment');
      const { paymentId, status, amount, currency, transactionId, refusal, createdAt, updatedAt } = payment;
      return {
        paymentId,
        checkoutId,
        status: viewStatus[status],
        amountCents: amount === '' ? 0 : parseAmount(amount),
        currency,
        transactionId,
        ...(refusal === undefined ? {} : { reason: reasonOf(refusal) }),
        createdAt,
        updatedAt,
      };
    },
    check: () => client.check(),
    close: () => client.close(),
  };
}
