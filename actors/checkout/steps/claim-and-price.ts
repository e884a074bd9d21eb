import { ActorError } from '@trolley/runtime';
import { priceLines } from '../checkout.pricing.ts';
import { blaming, defineCompensation, defineCompensatable } from '../checkout.step.ts';

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** Takes what is free of the cart for this checkout, at today's prices. */
export const claimAndPrice = defineCompensatable({
  name: 'ClaimAndPrice',
  label: 'Claim the cart and price it',
  keeps: ['lines', 'totalCents', 'cartVersion'],
  limit: { setting: 'reserveMs', failure: (party = 'cart') => `${party}_unavailable` },
  failure: (code) => code,
  async invoke({ orders, carts, prices }, { userId, checkoutId }, call) {
    // Side by side, since there is such an order only where its checkout was removed, long ago.
    const [sold, claimed] = await Promise.allSettled([
      orders.has(checkoutId),
      carts.claim(userId, checkoutId, call()).catch(blaming('cart')),
    ]);
    if (valueOf(sold)) {
      // Sold under this id, nothing would be charged, reserved or ordered again.
      await carts.release(userId, checkoutId, call()).catch(blaming('cart'));
      throw new ActorError('idempotency_key_reused', 'an order was made with this idempotency key long ago');
    }
    const claim = valueOf(claimed);
    const ids = claim.lines.map((line) => line.productId);
    const products = await prices.getMany(ids, call()).catch(blaming('catalog'));
    const pricing = priceLines(claim.lines, products);
    if (!pricing.ok) {
      const { reason: code } = pricing;
      return { type: 'refused', code, ...('shortages' in pricing ? { shortages: pricing.shortages } : {}) };
    }
    const { lines, totalCents } = pricing;
    return { type: 'done', lines: [...lines], totalCents, cartVersion: claim.cartVersion };
  },

  compensation: defineCompensation({
    name: 'ReleaseClaim',
    label: 'Give the claim back',
    mark: 'claim',
    async invoke({ carts }, { userId, checkoutId }, call) {
      await carts.release(userId, checkoutId, call());
      return { type: 'done' };
    },
  }),
});
