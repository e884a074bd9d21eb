import { ActorError } from '@trolley/runtime';
import { priceLines } from '../checkout.pricing.ts';
import { blaming, defineCompensation, defineCompensatable } from '../checkout.step.ts';

/** Takes what is free of the cart for this checkout, at today's prices. */
export const claimAndPrice = defineCompensatable({
  name: 'ClaimAndPrice',
  label: 'Claim the cart and price it',
  limit: { setting: 'reserveMs', failure: (party = 'cart') => `${party}_unavailable` },
  failure: (code) => code,
  async invoke({ orders, carts, prices }, { userId, checkoutId }, call) {
    // Its checkout was removed since: sold under this id, nothing would be charged, reserved or ordered again.
    if (await orders.has(checkoutId)) {
      throw new ActorError('idempotency_key_reused', 'an order was made with this idempotency key long ago');
    }
    const claim = await carts.claim(userId, checkoutId, call()).catch(blaming('cart'));
    const ids = claim.lines.map((line) => line.productId);
    const products = await prices.getMany(ids, call()).catch(blaming('catalog'));
    const pricing = priceLines(claim.lines, products);
    if (!pricing.ok) return { type: 'refused', code: pricing.reason };
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
