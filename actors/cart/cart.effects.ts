import { type ActorRefs, type CallContext, type EffectContext, isRefusal } from '@trolley/runtime';
import { CheckoutContract, type CheckoutStatus } from '../checkout/checkout.contract.ts';

/** What a cart asks about the checkouts that claimed it. */
export interface CheckoutLookup {
  /** `undefined` when nothing was ever accepted under this id. */
  get(checkoutId: string, call?: CallContext): Promise<{ readonly status: CheckoutStatus } | undefined>;
}

export function createCheckoutLookup(refs: ActorRefs): CheckoutLookup {
  return {
    async get(checkoutId, call) {
      try {
        return await refs
          .ref(CheckoutContract, checkoutId)
          .ask('GetStatus', {}, { ...call, timeoutMs: 5000 });
      } catch (error) {
        if (isRefusal(CheckoutContract, error, 'not_found')) return undefined;
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

export interface MakeRoomInput {
  /** Who wants a claim. */
  readonly checkoutId: string;
  /** Who has one. */
  readonly holders: readonly string[];
}

/** `UNKNOWN`: nothing was ever accepted. */
export type HolderStatus = CheckoutStatus | 'UNKNOWN';

export function createCartEffects({ checkouts }: { readonly checkouts: CheckoutLookup }) {
  async function statusOf(checkoutId: string, context: EffectContext): Promise<HolderStatus> {
    return (await checkouts.get(checkoutId, context))?.status ?? 'UNKNOWN';
  }
  return {
    async VerifyClaim({ checkoutId }: VerifyClaimInput, context: EffectContext) {
      return { status: await statusOf(checkoutId, context) };
    },
    /** Of those who gave no answer nothing is known, and they keep what they have. */
    async MakeRoom({ holders }: MakeRoomInput, context: EffectContext) {
      const answers = await Promise.allSettled(holders.map((holder) => statusOf(holder, context)));
      return holders.flatMap((checkoutId, i) => {
        const answer = answers[i];
        return answer?.status === 'fulfilled' ? [{ checkoutId, status: answer.value }] : [];
      });
    },
  };
}
export type CartEffects = ReturnType<typeof createCartEffects>;
