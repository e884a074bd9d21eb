import { z } from 'zod';
import { ProductId, Quantity } from '../../actors/cart/cart-line.contract.ts';
import { describeRoute } from './describe-route.ts';
import { PathProductId } from './fields.ts';
import { Amount, Id, Timestamp, Uuid } from './values.ts';

const tag = 'Cart';
const cart = '/api/v1/cart';
const line = `${cart}/items/:product_id` as const;
const LineParams = z.object({ product_id: PathProductId });

export const Cart = z
  .object({
    cart_id: Uuid,
    user_id: Id,
    items: z.array(
      z.object({
        product_id: Id,
        product_name: z.string(),
        quantity: Quantity,
        price: Amount,
        subtotal: Amount,
        added_at: Timestamp,
      }),
    ),
    total_items: z.int().min(0).meta({ description: 'The number of lines.' }),
    total_price: Amount,
    updated_at: Timestamp,
  })
  .meta({ id: 'Cart', description: 'Names and prices are at most 3 s old.' });

const cartOf = (description: string) => ({ description, body: Cart, headers: ['ETag'] }) as const;

export const getCart = describeRoute({
  operationId: 'getCart',
  tag,
  summary: 'The cart of the user; that of a new one is empty.',
  method: 'GET',
  path: cart,
  access: 'user',
  answers: { 200: cartOf('The cart.') },
});

export const clearCart = describeRoute({
  operationId: 'clearCart',
  tag,
  summary: 'Empties the cart.',
  method: 'DELETE',
  path: cart,
  access: 'user',
  retryable: 'by its cart',
  conditional: true,
  answers: { 200: cartOf('The empty cart.') },
});

export const addCartItem = describeRoute({
  operationId: 'addCartItem',
  tag,
  summary: 'Adds to the quantity of a product, up to 99 of each and 50 products.',
  method: 'POST',
  path: `${cart}/items`,
  access: 'user',
  retryable: 'by its cart',
  conditional: true,
  body: z.object({ product_id: ProductId, quantity: Quantity }),
  example: { body: { product_id: 1, quantity: 2 } },
  answers: { 201: cartOf('The cart with it.') },
  refusals: ['not_found', 'cart_full', 'quantity_limit'],
});

export const setCartItem = describeRoute({
  operationId: 'setCartItem',
  tag,
  summary: 'Sets the quantity of a product that is in the cart.',
  method: 'PUT',
  path: line,
  access: 'user',
  retryable: 'by its cart',
  conditional: true,
  params: LineParams,
  body: z.object({ quantity: Quantity }),
  example: { params: { product_id: '1' }, body: { quantity: 3 } },
  answers: { 200: cartOf('The cart with it.') },
  refusals: ['not_found'],
});

export const removeCartItem = describeRoute({
  operationId: 'removeCartItem',
  tag,
  summary: 'Takes a product out of the cart.',
  method: 'DELETE',
  path: line,
  access: 'user',
  retryable: 'by its cart',
  conditional: true,
  params: LineParams,
  example: { params: { product_id: '1' } },
  answers: { 200: cartOf('The cart without it.') },
  refusals: ['not_found'],
});
