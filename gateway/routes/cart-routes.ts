import type { CartView } from '../../actors/cart/cart.contract.ts';
import { addCartItem, clearCart, getCart, removeCartItem, setCartItem } from '../api/cart-api.ts';
import type { Call } from '../call.ts';
import type { Carts } from '../carts.ts';
import { etagOf } from '../entity-tags.ts';
import { Money, toJsonText, WrittenText, type Json } from '../money-json.ts';
import type { Priced, PriceList } from '../price-list.ts';
import { defineRoute, type Reply, type Route } from './route.ts';

type PricesById = ReadonlyMap<number, Priced>;
type PricedReply = Reply<200> & { readonly headers: Readonly<Record<string, string>> };

export function cartRoutes(carts: Carts, prices: PriceList): Route[] {
  const written = new WeakMap<CartView, { readonly reply: PricedReply; readonly prices: PricesById }>();

  /** A view that is still the same is written anew only when a price or a name of it is another one. */
  async function priced(view: CartView, call: Call): Promise<PricedReply> {
    const before = written.get(view);
    if (before !== undefined && prices.areCurrent(before.prices)) return before.reply;
    const ids = view.items.map(({ productId }) => productId);
    const current = await prices.pricesOf(ids, call);
    const body = new WrittenText(toJsonText(cartJson(view, current)));
    const reply = { status: 200 as const, headers: { ETag: etagOf(view.version) }, body };
    written.set(view, { reply, prices: current });
    return reply;
  }

  return [
    defineRoute(getCart, {
      handle: async ({ user, call }) => priced(await carts.get(user.id, call), call),
    }),
    defineRoute(clearCart, {
      handle: async ({ user, call, idempotencyKey, versions }) =>
        priced(await carts.clear(user.id, call, { idempotencyKey, versions }), call),
    }),
    defineRoute(addCartItem, {
      async handle({ user, call, body, idempotencyKey, versions }) {
        const added = { productId: body.product_id, quantity: body.quantity };
        const view = await carts.add(user.id, added, call, { idempotencyKey, versions });
        const { headers, body: written } = await priced(view, call);
        return { status: 201, headers, body: written };
      },
    }),
    defineRoute(setCartItem, {
      async handle({ user, call, params, body, idempotencyKey, versions }) {
        const set = { productId: params.product_id, quantity: body.quantity };
        return priced(await carts.setQuantity(user.id, set, call, { idempotencyKey, versions }), call);
      },
    }),
    defineRoute(removeCartItem, {
      handle: async ({ user, call, params, idempotencyKey, versions }) =>
        priced(await carts.remove(user.id, params.product_id, call, { idempotencyKey, versions }), call),
    }),
  ];
}

export function cartJson(view: CartView, prices: PricesById): Json {
  let totalCents = 0;
  const items = view.items.map(({ productId, quantity, addedAt }) => {
    const { name, priceCents } = prices.get(productId) ?? { name: '', priceCents: 0 };
    totalCents += priceCents * quantity;
    return {
      product_id: productId,
      product_name: name,
      quantity,
      price: new Money(priceCents),
      subtotal: new Money(priceCents * quantity),
      added_at: addedAt,
    };
  });
  return {
    cart_id: view.cartId,
    user_id: view.userId,
    items,
    total_items: items.length,
    total_price: new Money(totalCents),
    updated_at: view.updatedAt,
  };
}
