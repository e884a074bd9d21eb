import type { Cart, CartLine } from './api.ts';
import type { CallOptions, Calls, ChangeOptions } from './calls.ts';
import { isTrolleyError } from './trolley-error.ts';

/** A cart and the tag of its version. */
export type VersionedCart = Cart & { readonly etag: string };

/** One change of a cart. */
export type CartChange =
  | { readonly add: CartLine }
  | { readonly set: CartLine }
  | { readonly remove: Pick<CartLine, 'product_id'> }
  | { readonly clear: true };

export interface CartChangeOptions extends ChangeOptions {
  /** The version that it is for, by its `etag`; another one is refused with `precondition_failed`. Default: any. */
  readonly ifMatch?: string | undefined;
}

/** The cart of the token's user. */
export class CartCalls {
  readonly #calls: Calls;
  readonly #maxRounds: number;

  constructor(calls: Calls, maxRounds: number) {
    this.#calls = calls;
    this.#maxRounds = maxRounds;
  }

  async get(options?: CallOptions): Promise<VersionedCart> {
    return versioned(await this.#calls.read<Cart>('/api/v1/cart', {}, options));
  }

  /** Adds to what is there. Refused: `not_found` for a product that is not sold, `quantity_limit`, `cart_full`. */
  add(line: CartLine, options?: CartChangeOptions): Promise<VersionedCart> {
    return this.#change({ add: line }, options);
  }

  /** Refused: `not_found` for a product that is not in the cart. */
  setQuantity(line: CartLine, options?: CartChangeOptions): Promise<VersionedCart> {
    return this.#change({ set: line }, options);
  }

  /** Refused: `not_found` for a product that is not in the cart. */
  remove(productId: number, options?: CartChangeOptions): Promise<VersionedCart> {
    return this.#change({ remove: { product_id: productId } }, options);
  }

  clear(options?: CartChangeOptions): Promise<VersionedCart> {
    return this.#change({ clear: true }, options);
  }

  /**
   * Looks at the cart and makes the one change that `decide` says, or none, if nobody else has changed the cart
   * meanwhile; else looks again. `decide` may be asked several times.
   * @throws TrolleyError `precondition_failed` where somebody else is quicker each time
   */
  async update(
    decide: (cart: VersionedCart) => CartChange | undefined | Promise<CartChange | undefined>,
    options: CallOptions = {},
  ): Promise<VersionedCart> {
    const deadline = this.#calls.deadline(options);
    for (let round = 1; ; round += 1) {
      const within = { signal: options.signal, timeoutMs: deadline.leftMs };
      const cart = await this.get(within);
      const change = await decide(cart);
      if (change === undefined) return cart;
      try {
        return await this.#change(change, { ...within, timeoutMs: deadline.leftMs, ifMatch: cart.etag });
      } catch (error) {
        const isLate = isTrolleyError(error) && error.code === 'precondition_failed';
        if (!isLate || round >= this.#maxRounds || deadline.leftMs === 0) throw error;
        await deadline.pause(this.#calls.transport.backOffMs(round));
      }
    }
  }

  async #change(change: CartChange, { ifMatch, ...options }: CartChangeOptions = {}): Promise<VersionedCart> {
    const [method, path, body] = requestOf(change);
    const headers = ifMatch === undefined ? {} : { 'If-Match': ifMatch };
    return versioned(await this.#calls.change<Cart>(method, path, { headers, body }, options));
  }
}

function requestOf(change: CartChange): [method: string, path: string, body?: unknown] {
  const items = '/api/v1/cart/items';
  if ('add' in change) return ['POST', items, change.add];
  if ('set' in change) {
    const { product_id: id, quantity } = change.set;
    return ['PUT', `${items}/${id}`, { quantity }];
  }
  if ('remove' in change) return ['DELETE', `${items}/${change.remove.product_id}`];
  return ['DELETE', '/api/v1/cart'];
}

function versioned({ headers, body }: { readonly headers: Headers; readonly body: Cart }): VersionedCart {
  return { ...body, etag: headers.get('etag') ?? '' };
}
