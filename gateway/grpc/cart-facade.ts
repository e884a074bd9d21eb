import { z } from 'zod';
import type { CartView } from '../../actors/cart/cart.contract.ts';
import { ProductId, Quantity } from '../../actors/cart/cart-line.contract.ts';
import type { UnaryService } from '../../actors/services/grpc/unary-service.ts';
import { CartServiceService, type CartResponse } from '../../proto/gen/cart/cart.ts';
import type { Carts } from '../carts.ts';
import { guarded } from '../guard.ts';
import { idempotencyKeyFrom } from '../idempotency-key.ts';
import { facade, type Loads } from './facade.ts';
import { callOf, userIdOf, type FacadeOptions } from './incoming.ts';

const loads: Loads<typeof CartServiceService> = {
  getCart: 'read',
  addItem: 'ask',
  updateQuantity: 'ask',
  removeItem: 'ask',
  clearCart: 'ask',
};

/** `cart.CartService` over the same carts as the REST API. Its file is `cart/cart.proto`. */
export function cartFacade(carts: Carts, options: FacadeOptions): UnaryService {
  return facade(CartServiceService, loads, options, {
    getCart: async ({ userId }, call) => responseOf(await carts.get(userIdOf(userId), callOf(call, options))),
    async addItem(request, call) {
      const [user, line, key] = [userIdOf(request.userId), lineOf(request), keyOf(call)];
      return responseOf(await carts.add(user, line, callOf(call, options), { idempotencyKey: key }));
    },
    async updateQuantity(request, call) {
      const [user, line, key] = [userIdOf(request.userId), lineOf(request), keyOf(call)];
      return responseOf(await carts.setQuantity(user, line, callOf(call, options), { idempotencyKey: key }));
    },
    async removeItem(request, call) {
      const [user, product, key] = [userIdOf(request.userId), productIdOf(request), keyOf(call)];
      return responseOf(await carts.remove(user, product, callOf(call, options), { idempotencyKey: key }));
    },
    clearCart: async ({ userId }, call) =>
      responseOf(await carts.clear(userIdOf(userId), callOf(call, options), { idempotencyKey: keyOf(call) })),
  });
}

function keyOf({ idempotencyKey }: { readonly idempotencyKey: string | undefined }): string | undefined {
  return idempotencyKeyFrom(idempotencyKey === undefined ? undefined : [idempotencyKey]);
}

const Product = z.object({ product_id: ProductId });
const Line = Product.extend({ quantity: Quantity });

function productIdOf({ productId }: { readonly productId: bigint }): number {
  return guarded(Product, { product_id: Number(productId) }).product_id;
}

function lineOf({ productId, quantity }: { readonly productId: bigint; readonly quantity: number }) {
  const line = guarded(Line, { product_id: Number(productId), quantity });
  return { productId: line.product_id, quantity: line.quantity };
}

function responseOf(view: CartView): CartResponse {
  return {
    cart: {
      id: view.cartId,
      userId: BigInt(view.userId),
      cart: view.items.map(({ productId, quantity, addedAt }) => ({
        productId: BigInt(productId),
        quantity,
        addedAt,
      })),
      createdAt: view.createdAt,
      updatedAt: view.updatedAt,
      version: BigInt(view.version),
    },
  };
}
