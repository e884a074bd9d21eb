import { defineContract } from '@trolley/runtime';
import { z } from 'zod';
import { CartLine, ProductId } from './cart-line.contract.ts';

/** A cart without prices: those belong to the catalogue. Times are ISO 8601. */
export const CartView = z.object({
  cartId: z.uuid(),
  userId: z.int().positive(),
  items: z.array(CartLine.extend({ addedAt: z.string() })),
  /** Grows with each change; 0 for a cart that nothing was ever put in. */
  version: z.int().nonnegative(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type CartView = z.infer<typeof CartView>;

const Limit = z.object({ limit: z.int() });

/** What a checkout is refused because of its cart. */
export const claimRefusals = {
  empty_cart: null,
  /** Another checkout holds all that is in the cart. */
  checkout_in_progress: null,
  too_many_checkouts: Limit,
  too_many_units: Limit,
};

/**
 * The versions of the cart that a change is for; without it, for any. Refused when the cart is of another one:
 * `precondition_failed`.
 */
const ForVersions = z.object({ ifVersion: z.array(z.int().nonnegative()).max(16).optional() });

const Checkout = z.object({ checkoutId: z.uuid() });
/** Another producer may have sold more than a line of ours holds. */
const PurchasedLine = z.object({ productId: ProductId, quantity: z.int().positive() });
/** `route`: e.g. `POST /api/v1/orders/:order_id/cancel`. */
export const RecordedRequest = z.object({
  route: z.string().min(1).max(100),
  params: z.json(),
  body: z.json(),
});
const Nothing = z.object({});

/** A user's cart. Key: the user id in decimal. */
export const CartContract = defineContract({
  type: 'cart',
  key: z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/, 'a user id')
    .refine((key) => Number.isSafeInteger(Number(key)), 'a user id'),
  refusals: {
    ...claimRefusals,
    /** The product is not in the cart. */
    not_found: null,
    /** It is of another version than the change is for. */
    precondition_failed: z.object({ version: z.int().nonnegative() }),
    cart_full: Limit,
    quantity_limit: z.object({ productId: ProductId, inCart: z.int().nonnegative() }),
  },
  messages: {
    GetCart: { input: Nothing, output: CartView, readOnly: true },
    /** Adds to what is there. Refused: `quantity_limit`, `cart_full`. */
    AddItem: { input: CartLine.extend(ForVersions.shape), output: CartView },
    /** Sets the quantity of a line. Refused: `not_found`. */
    SetQuantity: { input: CartLine.extend(ForVersions.shape), output: CartView },
    /** Refused: `not_found`. */
    RemoveItem: { input: ForVersions.extend({ productId: ProductId }), output: CartView },
    ClearCart: { input: ForVersions, output: CartView },
    /**
     * Takes the idempotency key that it comes with for a request of this user that somebody else carries out. The same
     * request may come again; for another one the key is `idempotency_key_reused`.
     */
    RecordRequest: {
      input: RecordedRequest,
      output: Nothing,
    },
    /**
     * Takes the lines that no other live claim holds for one checkout; the same checkout asking again gets the
     * same lines. They stay in the cart until the purchase is settled. Refused: `empty_cart`,
     * `checkout_in_progress`, `too_many_checkouts`, `too_many_units`, the last three only after the checkouts that
     * hold claims were asked whether they still do.
     */
    ClaimForCheckout: {
      input: Checkout,
      output: z.object({ lines: z.array(CartLine), cartVersion: z.int().nonnegative() }),
    },
    /** The checkout failed: its lines are free again. Idempotent. */
    ReleaseClaim: { input: Checkout, output: Nothing },
    /**
     * The checkout completed: subtracts what was bought and still lies in the cart. Idempotent by checkout.
     * `completedAt` (ISO 8601) keeps a purchase without a claim from touching lines that were added after it.
     */
    SettlePurchase: {
      input: Checkout.extend({ lines: z.array(PurchasedLine), completedAt: z.string().optional() }),
      output: Nothing,
    },
  },
});
