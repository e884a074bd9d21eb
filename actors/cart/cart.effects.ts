import { type EffectContext, isRefusal } from '@trolley/runtime';
import { CheckoutContract } from '../checkout/checkout.contract.ts';
import type { CheckoutStatus } from '../checkout/checkout-status.contract.ts';

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

async function statusOf(checkoutId: string, { refs }: EffectContext): Promise<HolderStatus> {
  try {
    return (await refs.ref(CheckoutContract, checkoutId).getStatus({}, { timeoutMs: 5000 })).status;
  } catch (error) {
    if (isRefusal(CheckoutContract, error, 'not_found')) return 'UNKNOWN';
    throw error;
  }
}

export const cartEffects = {
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
export type CartEffects = typeof cartEffects;
