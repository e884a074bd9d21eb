import type { PricedLine } from './checkout.pricing.ts';
import type { CheckoutContext } from './checkout.state.ts';

/** What the saga has done outside; each is an effect of the same name. */
export type Step = 'ClaimAndPrice' | 'Reserve' | 'Charge' | 'Confirm' | 'Refund' | 'Release' | 'ReleaseClaim';

/** Whom the first step asks. */
export type Party = 'cart' | 'catalog';

/** `at`: milliseconds since the epoch. `code`: an error code, or a reason of the same kind. */
interface Told<Type extends string> {
  readonly type: Type;
  readonly at: number;
}
type Failed<Type extends string> = Told<Type> & {
  readonly code: string;
  /** Who gave no answer, where the step asks several. */
  readonly party?: Party;
};
type FailedStep = { [S in Step]: Failed<`${S}.refused`> | Failed<`${S}.unknown`> }[Step];

export type CheckoutEvent =
  | (Told<'ClaimAndPrice.done'> & {
      readonly lines: readonly PricedLine[];
      readonly totalCents: number;
      readonly cartVersion: number;
    })
  | (Told<'Reserve.done'> & { readonly reservationId: string })
  | (Told<'Charge.done'> & { readonly paymentId: string })
  | (Told<'Charge.declined'> & { readonly reason: string })
  | Told<'Confirm.done'>
  | Told<'Refund.done'>
  | Told<'Release.done'>
  | Told<'ReleaseClaim.done'>
  | FailedStep
  | Told<'Cancel'>;

/** What a checkout starts with; `at` in milliseconds since the epoch. */
export type CheckoutInput = Pick<
  CheckoutContext,
  'checkoutId' | 'userId' | 'idempotencyKey' | 'shippingAddress' | 'paymentMethod' | 'currency' | 'limits'
> & { readonly at: number };
