import type { Cart, Checkout, Order } from '../../../../gateway/client/index.ts';
import { mintToken, type TokenSettings } from '../../../shop/token.ts';
import { maxQuantity } from '../../../../actors/cart/cart-line.contract.ts';
import { sum } from '../measure/statistics.ts';
import { peerApi, shopApi, type Api, type ApiRequest } from './api.ts';
import type { HttpAnswer, HttpConnection } from '../load/http-connection.ts';

/** Of the seeded ones; a cart of so many lines is what GET cart reads. */
export const linesOfCart = 5;
const mostAdds = linesOfCart * maxQuantity;

/** A user, and what the shop has answered that it has. */
export interface Shopper {
  readonly id: number;
  readonly token: string;
  readonly api: Api;
  /** Adds sent; the next one takes the next product. */
  sent: number;
  /** Units that were answered, by product. */
  readonly units: number[];
  orders: number;
}

/** All users of a run, made before they are needed: minting is none of what is measured. */
export class Shoppers {
  readonly all: Shopper[] = [];
  readonly #tokens: TokenSettings | undefined;

  constructor(tokens: TokenSettings | undefined) {
    this.#tokens = tokens;
  }

  /** Users whom the shop has not seen. */
  make(count: number): Promise<Shopper[]> {
    const first = this.all.length + 1;
    return this.of(Array.from({ length: count }, (_, index) => first + index));
  }

  /** Users with these ids, who have added so many units of each product before. */
  async of(userIds: readonly number[], units: readonly number[] = []): Promise<Shopper[]> {
    const sent = sum(units);
    const api = this.#tokens === undefined ? peerApi : shopApi;
    const made = await Promise.all(
      userIds.map(async (userId): Promise<Shopper> => {
        const token = this.#tokens === undefined ? '' : await mintToken(this.#tokens, { userId });
        return { id: userId, token, api, sent, units: [...units], orders: 0 };
      }),
    );
    this.all.push(...made);
    return made;
  }
}

export const isFull = (shopper: Shopper): boolean => shopper.sent >= mostAdds;

/** Adds a unit of one product after the other; the answer must hold at least what was answered before, and this one. */
export async function add(connection: HttpConnection, shopper: Shopper): Promise<Cart> {
  const cart = await addUnlessRefused(connection, shopper);
  if (cart === undefined) throw new Error('an add was refused: 503');
  return cart;
}

/** The same, from a shop that may have too much to do: then nothing. */
export async function addUnlessRefused(
  connection: HttpConnection,
  shopper: Shopper,
): Promise<Cart | undefined> {
  const productId = (shopper.sent % linesOfCart) + 1;
  const before = shopper.units[productId] ?? 0;
  // Counted before the answer: many clients may add to one cart at a time.
  shopper.sent += 1;
  const { send, wanted } = shopper.api.add(shopper, productId);
  const answer = await connection.send(...send);
  if (answer.status === 503) {
    shopper.sent -= 1;
    return undefined;
  }
  const cart = bodyOf<Cart>(answer, { send, wanted });
  const quantity = cart.items.find((line) => line.product_id === productId)?.quantity ?? 0;
  if (quantity <= before)
    throw new Error(`a unit was lost: ${quantity} of product ${productId} after ${before}`);
  shopper.units[productId] = (shopper.units[productId] ?? 0) + 1;
  return cart;
}

/** Buys what is in the cart. */
export async function checkout(connection: HttpConnection, shopper: Shopper, cart: Cart): Promise<Checkout> {
  const key = `${shopper.id}-${++shopper.orders}`;
  const sold = await answered<Checkout>(connection, shopper.api.checkout(shopper, key));
  if (sold.status !== 'COMPLETED' || sold.total_amount !== cart.total_price) {
    throw new Error(`a cart of ${cart.total_price} was answered ${JSON.stringify(sold)}`);
  }
  shopper.units.length = 0;
  return sold;
}

/** Whether the newest order listed is that of the checkout. */
export async function isOrdered(
  connection: HttpConnection,
  shopper: Shopper,
  sold: Checkout,
): Promise<boolean> {
  const [newest] = await answered<Order[]>(connection, shopper.api.orders(shopper));
  if (newest?.checkout_id !== sold.checkout_id) return false;
  if (newest.total_amount !== sold.total_amount)
    throw new Error(`not what was paid: ${JSON.stringify(newest)}`);
  return true;
}

/** The cart must hold exactly what was answered. */
export async function auditCart(connection: HttpConnection, shopper: Shopper): Promise<void> {
  const { items } = await answered<Cart>(connection, shopper.api.cart(shopper));
  const found = new Map(items.map((line) => [line.product_id, line.quantity]));
  for (let productId = 1; productId <= linesOfCart; productId++) {
    const [has, answeredUnits] = [found.get(productId) ?? 0, shopper.units[productId] ?? 0];
    if (has !== answeredUnits) {
      throw new Error(
        `user ${shopper.id} has ${has} of product ${productId}, where ${answeredUnits} adds were answered`,
      );
    }
  }
}

/** The body of an answer with the status that is wanted. */
async function answered<B>(connection: HttpConnection, request: ApiRequest): Promise<B> {
  return bodyOf(await connection.send(...request.send), request);
}

function bodyOf<B>({ status, body }: HttpAnswer, { send, wanted }: ApiRequest): B {
  if (status !== wanted) throw new Error(`${send[0]} ${send[1]} was answered ${status}: ${body.toString()}`);
  return JSON.parse(body.toString()) as B;
}
