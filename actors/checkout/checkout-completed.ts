import { z } from 'zod';

/** The topic that checkouts publish to, with its consumer groups. */
export const checkoutTopic = 'checkout-outbox';
export const checkoutCompletedType = 'CheckoutCompleted';

/** Decimal amounts, as they leave: `1299.99`. */
const Amount = z.number().nonnegative();

/** The value of a `CheckoutCompleted` event, as it stands in the log. */
export const CheckoutCompleted = z.object({
  // One form of it: PostgreSQL takes both for the same.
  checkout_id: z.uuid().toLowerCase(),
  user_id: z.string().regex(/^[1-9][0-9]{0,15}$/),
  items: z
    .array(
      z.object({
        product_id: z.int().positive(),
        product_name: z.string(),
        quantity: z.int().positive(),
        unit_price: Amount,
        subtotal: Amount,
      }),
    )
    .min(1),
  total_amount: Amount,
  currency: z.string(),
  completed_at: z.string(),
  cart_version: z.int().nonnegative().optional(),
  shipping_address: z.record(z.string(), z.string()).optional(),
});
export type CheckoutCompleted = z.infer<typeof CheckoutCompleted>;

/** A purchase inside: integer cents, `completedAt` in milliseconds since the epoch. */
export interface Purchase {
  readonly checkoutId: string;
  readonly userId: number;
  readonly lines: readonly {
    readonly productId: number;
    readonly productName: string;
    readonly quantity: number;
    readonly unitPriceCents: number;
  }[];
  readonly totalCents: number;
  readonly currency: string;
  readonly completedAt: number;
  readonly cartVersion?: number | undefined;
  readonly shippingAddress?: Readonly<Record<string, string>> | undefined;
}

export function encodeCheckoutCompleted(purchase: Purchase): CheckoutCompleted {
  const { cartVersion, shippingAddress } = purchase;
  return {
    checkout_id: purchase.checkoutId,
    user_id: String(purchase.userId),
    items: purchase.lines.map((line) => ({
      product_id: line.productId,
      product_name: line.productName,
      quantity: line.quantity,
      unit_price: amountFromCents(line.unitPriceCents),
      subtotal: amountFromCents(line.unitPriceCents * line.quantity),
    })),
    total_amount: amountFromCents(purchase.totalCents),
    currency: purchase.currency,
    completed_at: new Date(purchase.completedAt).toISOString(),
    ...(cartVersion === undefined ? {} : { cart_version: cartVersion }),
    ...(shippingAddress === undefined ? {} : { shipping_address: { ...shippingAddress } }),
  };
}

/** `262997` → `2629.97`: the nearest double, which JSON writes with these very digits (up to 10^15 cents). */
export function amountFromCents(cents: number): number {
  return cents / 100;
}

/** `2629.97` → `262997`. `undefined` when the amount has a fraction of a cent or is too large to be exact. */
export function centsFromAmount(amount: number): number | undefined {
  // JSON can say -0, and no store gives that back.
  const cents = Math.round(amount * 100) + 0;
  return Number.isSafeInteger(cents) && cents / 100 === amount ? cents : undefined;
}
