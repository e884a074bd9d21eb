import type { CartView } from './cart.contract.ts';

/** The read model of carts: gone at any time, never older than an answer somebody has seen. */
export interface CartViews {
  get(userId: number): Promise<CartView | undefined>;
  /** Keeps the newer of what is there and `view`. */
  put(view: CartView): Promise<void>;
}
