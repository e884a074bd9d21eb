import { z } from 'zod';
import { CartLine } from '../cart/cart-line.contract.ts';
import type { Shortage } from '../values/shortage.contract.ts';
import { toStorableText } from '../values/storable-text.contract.ts';

/** A line as it is sold. */
export const PricedLine = CartLine.extend({ productName: z.string(), unitPriceCents: z.int().nonnegative() });
export type PricedLine = z.infer<typeof PricedLine>;

/** What a checkout needs to know of a product. */
export interface ProductPrice {
  readonly id: number;
  readonly name: string;
  readonly priceCents: number;
}

/** The most that the column `total_amount` holds. */
export const maxTotalCents = 999_999_999_999;

export type Pricing =
  | { readonly ok: true; readonly lines: readonly PricedLine[]; readonly totalCents: number }
  | { readonly ok: false; readonly reason: 'product_unavailable'; readonly shortages: readonly Shortage[] }
  | { readonly ok: false; readonly reason: 'total_out_of_range' };

/** Puts today's prices on what a cart holds. A free product is sold for 0. */
export function priceLines(cart: readonly CartLine[], products: readonly ProductPrice[]): Pricing {
  const byId = new Map(products.map((product) => [product.id, product]));
  const gone: Shortage[] = [];
  const lines: PricedLine[] = [];
  let totalCents = 0;
  for (const { productId, quantity } of cart) {
    const product = byId.get(productId);
    if (product === undefined) {
      gone.push({ productId, requested: quantity, available: 0 });
      continue;
    }
    const unitPriceCents = product.priceCents;
    if (!Number.isSafeInteger(unitPriceCents) || unitPriceCents < 0 || unitPriceCents > maxTotalCents) {
      return { ok: false, reason: 'total_out_of_range' };
    }
    totalCents += unitPriceCents * quantity;
    lines.push({ productId, quantity, productName: toStorableText(product.name), unitPriceCents });
  }
  if (gone.length > 0) return { ok: false, reason: 'product_unavailable', shortages: gone };
  return totalCents > maxTotalCents
    ? { ok: false, reason: 'total_out_of_range' }
    : { ok: true, lines, totalCents };
}
