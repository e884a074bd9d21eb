import type { CartView } from './cart.contract.ts';

/** The read model of carts: gone at any time, never older than an answer somebody has seen. */
export interface CartViews {
  /** The very same object, as long as the cart is the same; not to be changed. */
  get(userId: number): Promise<CartView | undefined>;
  /** Keeps the newer of what is there and `view`. */
  put(view: CartView): Promise<void>;
}
