import { z } from 'zod';

/** The topic that checkouts publish to, with its consumer groups. */
export const checkoutTopic = 'checkout-outbox';
export const checkoutCompletedType = 'CheckoutCompleted';

/** Decimal amounts, as they leave: `1299.99`. */
const Amount = z.number().nonnegative();

/** The value of a `CheckoutCompleted` event, as it stands in the log. */
export const CheckoutCompleted = z.object({
  checkout_id: z.uuid(),
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
