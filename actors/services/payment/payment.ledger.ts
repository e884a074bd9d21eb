import { uuidV5 } from '@trolley/runtime/adapters';
import { RpcError } from '../grpc/rpc-error.ts';
import type { PaymentStore, StoredPayment } from './payment.store.ts';

export interface Charge {
  readonly checkoutId: string;
  readonly amountCents: number;
  readonly currency: string;
}

const namespace = '5d3c1f5e-6f0e-4d8b-8a53-3a1d4b0f7c92';

/** The payment of a checkout, of which there is only one. */
export function paymentIdFor(checkoutId: string): string {
  return uuidV5(namespace, checkoutId);
}

/** The rules of the money. The methods that write are one unit of work each, within a transaction. */
export class PaymentLedger {
  readonly #store: PaymentStore;
  readonly #newId: () => string;

  constructor(store: PaymentStore, newId: () => string) {
    this.#store = store;
    this.#newId = newId;
  }

  /** What has been decided; undefined when nothing yet. Throws `conflict` when that was for other money. */
  decided(charge: Charge): StoredPayment | undefined {
    const payment = this.#store.get(charge.checkoutId);
    if (payment !== undefined && payment.status !== 'tombstone') requireSameMoney(payment, charge);
    return payment;
  }

  /**
   * Writes the outcome down, unless there is one already: a Refund may have come while the charge was
   * being thought over, and then it stays without effect.
   */
  decide(charge: Charge, refusal: string | undefined, now: number): StoredPayment {
    const earlier = this.decided(charge);
    if (earlier !== undefined) return earlier;
    const payment: StoredPayment = {
      paymentId: paymentIdFor(charge.checkoutId),
      status: refusal === undefined ? 'charged' : 'failed',
      transactionId: refusal === undefined ? this.#newId() : '',
      refusal: refusal ?? '',
      createdAt: now,
      updatedAt: now,
      ...charge,
    };
    this.#store.insert(payment);
    return payment;
  }

  /** Gives the money back; without a payment it leaves a tombstone that a late charge will find. */
  refund(checkoutId: string, now: number): void {
    if (this.#store.get(checkoutId) !== undefined) return this.#store.refund(checkoutId, now);
    this.#store.insert({
      checkoutId,
      paymentId: paymentIdFor(checkoutId),
      status: 'tombstone',
      amountCents: 0,
      currency: '',
      transactionId: '',
      refusal: '',
      createdAt: now,
      updatedAt: now,
    });
  }
}

/** Throws `conflict`: the same checkout is charged for one amount only. */
export function requireSameMoney(one: Omit<Charge, 'checkoutId'>, other: Charge): void {
  if (one.amountCents === other.amountCents && one.currency === other.currency) return;
  throw new RpcError('conflict', `checkout ${other.checkoutId} was charged with another amount before`);
}
