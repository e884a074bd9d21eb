import * as cart from '../gen/cart/cart.ts';
import { vector } from './vector.ts';

const aCartItem = { productId: 1n, quantity: 2, addedAt: 't' };
const cartItemHex = '08 01  10 02  1a 01 74';

export const cartVectors = [
  vector('CartItem', cart.CartItem, aCartItem, cartItemHex),
  vector(
    'Cart',
    cart.Cart,
    { id: 'c', userId: 9007199254740993n, cart: [aCartItem], createdAt: 'a', updatedAt: 'b', version: 300n },
    `0a 01 63                       // id
     10 81 80 80 80 80 80 80 10     // user_id, past what a double holds
     1a 07 ${cartItemHex}           // cart
     22 01 61                       // created_at
     2a 01 62                       // updated_at
     30 ac 02                       // version`,
  ),
  vector(
    'CartResponse',
    cart.CartResponse,
    { cart: { id: 'c', userId: 7n, cart: [], createdAt: '', updatedAt: '', version: 0n } },
    '0a 05  0a 01 63  10 07',
  ),
  vector(
    'AddCartItemRequest',
    cart.AddCartItemRequest,
    { userId: 1n, productId: 2n, quantity: 3 },
    '08 01  10 02  18 03',
  ),
  vector(
    'UpdateQuantityRequest',
    cart.UpdateQuantityRequest,
    { userId: 1n, productId: 2n, quantity: -1 },
    '08 01  10 02  18 ff ff ff ff ff ff ff ff ff 01',
  ),
  vector('GetCartRequest', cart.GetCartRequest, { userId: 1n }, '08 01'),
  vector('ClearCartRequest', cart.ClearCartRequest, { userId: 1n }, '08 01'),
  vector('RemoveItemRequest', cart.RemoveItemRequest, { userId: 1n, productId: 2n }, '08 01  10 02'),
];
