import { Long } from 'mongodb';
import type { MongoDocuments } from '@trolley/runtime/mongo';
import { z } from 'zod';
import { cartRetentionMs, type CartState } from './cart.state.ts';

const time = z.date().transform((date) => date.getTime());

const CartFields = z.object({
  cart_id: z.string(),
  user_id: z.number(),
  items: z.array(z.object({ product_id: z.number(), quantity: z.number(), added_at: time })),
  claims: z.array(
    z.object({
      checkout_id: z.string(),
      lines: z.array(z.object({ product_id: z.number(), quantity: z.number(), held: z.number() })),
      cart_version: z.number(),
      claimed_at: time,
    }),
  ),
  settled: z.array(z.string()),
  cart_version: z.number(),
  created_at: time,
  changed_at: time,
});

/** Carts in `carts`, one per user, in the fields that others read. */
export const cartDocuments: MongoDocuments<CartState> = {
  collection: 'carts',
  unique: ['user_id'],
  retentionMs: cartRetentionMs,

  // Ids are 64-bit integers for readers in any language.
  toFields: (_key, state) => ({
    cart_id: state.cartId,
    user_id: Long.fromNumber(state.userId),
    items: state.items.map((item) => ({
      product_id: Long.fromNumber(item.productId),
      quantity: item.quantity,
      added_at: new Date(item.addedAt),
    })),
    claims: state.claims.map((claim) => ({
      checkout_id: claim.checkoutId,
      lines: claim.lines.map((line) => ({
        product_id: Long.fromNumber(line.productId),
        quantity: line.quantity,
        held: line.held,
      })),
      cart_version: claim.cartVersion,
      claimed_at: new Date(claim.at),
    })),
    settled: [...state.settled],
    cart_version: state.version,
    created_at: new Date(state.createdAt),
    changed_at: new Date(state.updatedAt),
  }),

  // The runtime parses what comes out with the state's own schema.
  fromFields(fields) {
    const cart = CartFields.parse(fields);
    return {
      cartId: cart.cart_id,
      userId: cart.user_id,
      items: cart.items.map((item) => ({
        productId: item.product_id,
        quantity: item.quantity,
        addedAt: item.added_at,
      })),
      claims: cart.claims.map((claim) => ({
        checkoutId: claim.checkout_id,
        lines: claim.lines.map((line) => ({
          productId: line.product_id,
          quantity: line.quantity,
          held: line.held,
        })),
        cartVersion: claim.cart_version,
        at: claim.claimed_at,
      })),
      settled: cart.settled,
      version: cart.cart_version,
      createdAt: cart.created_at,
      updatedAt: cart.changed_at,
    };
  },
};
