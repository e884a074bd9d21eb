import { z } from 'zod';
import { ShopError } from '../error-table.ts';
import { ProductId, Quantity, type CartView } from '../../actors/cart/cart.contract.ts';
import type { Call } from '../call.ts';
import type { Carts } from '../carts.ts';
import { PathProductId } from '../fields.ts';
import { etagOf } from '../if-match.ts';
import { Money, toJsonText, WrittenJson, type Json } from '../money-json.ts';
import type { Priced, PriceList } from '../price-list.ts';
import { defineRoute, type Reply, type Route } from './route.ts';

const line = '/api/v1/cart/items/:product_id';
type PricesById = ReadonlyMap<number, Priced>;

const LineParams = z.object({ product_id: PathProductId });

export function cartRoutes(carts: Carts, prices: PriceList): Route[] {
  const written = new WeakMap<CartView, { readonly reply: Reply; readonly prices: PricesById }>();

  /** A view that is still the same is written anew only when a price or a name of it is another one. */
  async function priced(view: CartView, call: Call): Promise<Reply> {
    const before = written.get(view);
    if (before !== undefined && prices.areCurrent(before.prices)) return before.reply;
    const ids = view.items.map(({ productId }) => productId);
    const current = await prices.pricesOf(ids, call);
    const body = new WrittenJson(toJsonText(cartJson(view, current)));
    const reply = { status: 200, headers: { ETag: etagOf(view.version) }, body };
    written.set(view, { reply, prices: current });
    return reply;
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/cart',
      access: 'user',
      handle: async ({ user, call }) => priced(await carts.get(user.id, call), call),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/cart',
      access: 'user',
      retryable: 'by its cart',
      conditional: true,
      handle: async ({ user, call, ...how }) => priced(await carts.clear(user.id, call, how), call),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/cart/items',
      access: 'user',
      retryable: 'by its cart',
      conditional: true,
      body: z.object({ product_id: ProductId, quantity: Quantity }),
      async handle({ user, call, body, ...how }) {
        const added = { productId: body.product_id, quantity: body.quantity };
        const view = await carts.add(user.id, added, call, how);
        return { ...(await priced(view, call)), status: 201 };
      },
    }),
    defineRoute({
      method: 'PUT',
      path: line,
      access: 'user',
      retryable: 'by its cart',
      conditional: true,
      params: LineParams,
      body: z.object({ quantity: Quantity }),
      async handle({ user, call, params, body, ...how }) {
        const set = { productId: inCart(params.product_id), quantity: body.quantity };
        return priced(await carts.setQuantity(user.id, set, call, how), call);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: line,
      access: 'user',
      retryable: 'by its cart',
      conditional: true,
      params: LineParams,
      handle: async ({ user, call, params, ...how }) =>
        priced(await carts.remove(user.id, inCart(params.product_id), call, how), call),
    }),
  ];
}

/** An id beyond what a number holds is in no cart. */
function inCart(productId: number): number {
  if (!Number.isSafeInteger(productId)) throw new ShopError('not_found', 'the product is not in the cart');
  return productId;
}

function cartJson(view: CartView, prices: PricesById): Json {
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
