import type { EffectContext } from '../../runtime/define/actor.ts';
import { codeOf } from '../../runtime/define/errors.ts';
import type { ActorRefs } from '../../runtime/define/ref.ts';
import { CheckoutContract, type CheckoutStatus } from '../checkout/checkout.contract.ts';

/** What a cart asks about the checkouts that claimed it. */
export interface CheckoutLookup {
  /** `undefined` when nothing was ever accepted under this id. */
  get(checkoutId: string, context?: EffectContext): Promise<{ readonly status: CheckoutStatus } | undefined>;
}

export function createCheckoutLookup(refs: ActorRefs): CheckoutLookup {
  return {
    async get(checkoutId, context) {
      try {
        return await refs.ref(CheckoutContract, checkoutId).ask(
          'GetStatus',
          {},
          {
            timeoutMs: 5000,
            ...(context === undefined ? {} : { signal: context.signal }),
          },
        );
      } catch (error) {
        if (codeOf(error) === 'not_found') return undefined;
        throw error;
      }
    },
  };
}

export interface VerifyClaimInput {
  readonly checkoutId: string;
  /** How often this claim was asked about before. */
  readonly asked: number;
}

export function createCartEffects({ checkouts }: { readonly checkouts: CheckoutLookup }) {
  return {
    async VerifyClaim({ checkoutId }: VerifyClaimInput, context: EffectContext) {
      const checkout = await checkouts.get(checkoutId, context);
      return { status: checkout?.status ?? ('UNKNOWN' as const) };
    },
  };
}
export type CartEffects = ReturnType<typeof createCartEffects>;
