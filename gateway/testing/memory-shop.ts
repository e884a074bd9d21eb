import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ShopError } from '../error-table.ts';
import type { CartView } from '../../actors/cart/cart.contract.ts';
import { maxLines, maxQuantity } from '../../actors/cart/cart-line.contract.ts';
import type { BuyerCheckouts } from '../../actors/checkout/buyer-checkouts.queries.ts';
import type { CartViews } from '../../actors/cart/cart.view.ts';
import { checkoutIdFor, noSuchCheckout, type CheckoutView } from '../../actors/checkout/checkout.contract.ts';
import type { ShippingAddress } from '../../actors/checkout/shipping-address.contract.ts';
import { noSuchOrder, orderIdFor, type OrderView } from '../../actors/order/order.contract.ts';
import type { OrderStatus } from '../../actors/order/order-status.contract.ts';
import type { OrderQueries } from '../../actors/order/order.queries.ts';
import type { ProductView } from '../../actors/services/product/product.client.ts';
import type { Answers } from './memory-actors.ts';
import { MemoryChanges, MemoryNotices } from './memory-changes.ts';

/** Methods of payment that never pay. */
const declining = ['card_declined', 'no_funds', 'card_expired', 'invalid_ccv', 'network_error'];

const createdAt = '2026-01-01T00:00:00.000Z';

export const seeds: readonly ProductView[] = [
  ['Laptop', 129_999],
  ['Mouse', 2999],
  ['Keyboard', 8999],
].map(([name, priceCents], index) => ({
  id: index + 1,
  name: String(name),
  description: `A ${name}`,
  priceCents: Number(priceCents),
  imageUrl: '',
  createdAt,
}));

/** Carts, checkouts and orders in memory, answering as the actors' contracts promise. */
export class MemoryShop {
  readonly carts = new Map<string, CartView>();
  readonly checkouts = new Map<string, CheckoutView>();
  readonly placed = new Map<string, OrderView>();
  readonly changes = {
    checkouts: new MemoryChanges<CheckoutView>(),
    orders: new MemoryChanges<OrderView>(),
  };
  readonly notices = new MemoryNotices();
  readonly #started = new Map<string, StartInput>();

  readonly views: CartViews = {
    get: async () => undefined,
    put: async () => {},
  };

  readonly orders: OrderQueries = {
    list: async (userId, { pageSize, pageToken = '0' }) => {
      if (!/^[0-9]+$/.test(pageToken)) throw new ShopError('invalid_page_token', 'not one of ours');
      const all = [...this.placed.values()].filter((order) => order.userId === userId).reverse();
      const [from, to] = [Number(pageToken), Number(pageToken) + pageSize];
      return { orders: all.slice(from, to), ...(to < all.length ? { nextPageToken: String(to) } : {}) };
    },
    get: async (id) => [...this.placed.values()].find((order) => order.id === id),
  };

  readonly buyerCheckouts: BuyerCheckouts = {
    list: async (userId, { pageSize, pageToken = '0', status }) => {
      if (!/^[0-9]+$/.test(pageToken)) throw new ShopError('invalid_page_token', 'not one of ours');
      const all = [...this.checkouts.values()]
        .filter((one) => one.userId === userId && (status === undefined || one.status === status))
        .reverse();
      const [from, to] = [Number(pageToken), Number(pageToken) + pageSize];
      return { checkouts: all.slice(from, to), ...(to < all.length ? { nextPageToken: String(to) } : {}) };
    },
  };

  readonly answers: Answers = {
    cart: {
      GetCart: (key) => this.#cart(key),
      RecordRequest: () => ({}),
      AddItem: (key, { productId, quantity, ifVersion }: Line & ForVersions) => {
        this.#expectVersion(key, ifVersion);
        const cart = this.#cart(key);
        const there = cart.items.find((line) => line.productId === productId);
        const sum = (there?.quantity ?? 0) + quantity;
        if (sum > maxQuantity) throw new ShopError('quantity_limit', `at most ${maxQuantity} of one product`);
        if (there === undefined && cart.items.length >= maxLines)
          throw new ShopError('cart_full', 'the cart is full');
        const line = { productId, quantity: sum, addedAt: there?.addedAt ?? createdAt };
        return this.#put(key, [...cart.items.filter((each) => each !== there), line]);
      },
      SetQuantity: (key, { productId, quantity, ifVersion }: Line & ForVersions) => {
        this.#expectVersion(key, ifVersion);
        const items = this.#cart(key).items.map((each) =>
          each.productId === productId ? { ...each, quantity } : each,
        );
        this.#mustHold(key, productId);
        return this.#put(key, items);
      },
      RemoveItem: (key, { productId, ifVersion }: { productId: number } & ForVersions) => {
        this.#expectVersion(key, ifVersion);
        this.#mustHold(key, productId);
        return this.#put(key, this.#cart(key).items.filter((each) => each.productId !== productId)); // prettier-ignore
      },
      ClearCart: (key, { ifVersion }: ForVersions) => {
        this.#expectVersion(key, ifVersion);
        return this.#cart(key).items.length === 0 ? this.#cart(key) : this.#put(key, []);
      },
    },
    checkout: {
      Start: (key, input: StartInput) => {
        const { userId, idempotencyKey, paymentMethod = 'card' } = input;
        if (checkoutIdFor(userId, idempotencyKey) !== key) throw new ShopError('internal', 'wrong key');
        const known = this.checkouts.get(key);
        if (known !== undefined) {
          if (isDeepStrictEqual(this.#started.get(key), input)) return { created: false, checkout: known };
          throw new ShopError('idempotency_key_reused', 'the key was used for another checkout');
        }
        const { items } = this.#cart(String(userId));
        if (items.length === 0) throw new ShopError('empty_cart', 'the cart is empty');
        const declined = declining.includes(paymentMethod);
        const totalCents = items.reduce((sum, line) => sum + (seeds[line.productId - 1]?.priceCents ?? 0) * line.quantity, 0); // prettier-ignore
        const checkout: CheckoutView = {
          checkoutId: key,
          userId,
          status: declined ? 'FAILED' : 'COMPLETED',
          ...(declined ? { failureReason: `payment_declined: ${paymentMethod}` } : {}),
          totalCents,
          currency: 'USD',
          createdAt,
          completedAt: createdAt,
          history: [{ status: 'INITIATED', at: createdAt }],
        };
        this.checkouts.set(key, checkout);
        this.changes.checkouts.put(userId, key, checkout);
        this.notices.publish(userId, 'checkout');
        this.#started.set(key, input);
        if (!declined) this.#place(checkout, items);
        return { created: true, checkout };
      },
      GetStatus: (key) => this.#checkout(key),
      Cancel: (key, { userId }: { userId: number }) => {
        const checkout = this.#checkout(key);
        if (checkout.userId !== userId) throw noSuchCheckout();
        throw new ShopError('conflict', `the checkout is ${checkout.status}`);
      },
    },
    order: {
      Cancel: (key) => this.#move(key, 'CANCELLED'),
      SetStatus: (key, { status }: { status: OrderStatus }) => this.#move(key, status),
    },
  };

  #cart(key: string): CartView {
    const fresh = {
      cartId: randomUUID(),
      userId: Number(key),
      items: [],
      version: 0,
      createdAt,
      updatedAt: createdAt,
    };
    return this.carts.get(key) ?? fresh;
  }

  #put(key: string, items: CartView['items']): CartView {
    const cart = this.#cart(key);
    const next = { ...cart, items, version: cart.version + 1 };
    this.carts.set(key, next);
    this.notices.publish(next.userId, 'cart');
    return next;
  }

  #expectVersion(key: string, versions: readonly number[] | undefined): void {
    const { version } = this.#cart(key);
    if (versions?.includes(version) === false) {
      throw new ShopError('precondition_failed', `the cart has version ${version}`, { details: { version } });
    }
  }

  #mustHold(key: string, productId: number): void {
    if (this.#cart(key).items.some((line) => line.productId === productId)) return;
    throw new ShopError('not_found', 'the product is not in the cart');
  }

  #checkout(key: string): CheckoutView {
    const checkout = this.checkouts.get(key);
    if (checkout === undefined) throw noSuchCheckout();
    return checkout;
  }

  #place({ checkoutId, userId, totalCents, currency }: CheckoutView, items: CartView['items']): void {
    this.#put(String(userId), []);
    this.#keep({
      id: orderIdFor(checkoutId),
      checkoutId,
      userId,
      totalCents,
      currency,
      status: 'CONFIRMED',
      items: items.map(({ productId, quantity }) => {
        const { name = '', priceCents = 0 } = seeds[productId - 1] ?? {};
        return { productId, quantity, productName: name, unitPriceCents: priceCents };
      }),
      createdAt,
      updatedAt: createdAt,
    });
  }

  #move(key: string, status: OrderStatus): OrderView {
    const order = this.placed.get(key);
    if (order === undefined) throw noSuchOrder();
    if (status === 'CANCELLED' && order.status === status) return order;
    const life = ['CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED'];
    const at = life.indexOf(order.status);
    const allowed = status === 'CANCELLED' ? at === 0 || at === 1 : at >= 0 && life[at + 1] === status;
    if (!allowed) throw new ShopError('conflict', `an order can't go from ${order.status} to ${status}`);
    const moved = { ...order, status };
    this.#keep(moved);
    return moved;
  }

  #keep(order: OrderView): void {
    this.placed.set(order.checkoutId, order);
    this.changes.orders.put(order.userId, order.id, order);
    this.notices.publish(order.userId, 'order');
  }
}

interface ForVersions {
  readonly ifVersion?: readonly number[];
}

interface Line {
  readonly productId: number;
  readonly quantity: number;
}

interface StartInput {
  readonly userId: number;
  readonly idempotencyKey: string;
  readonly paymentMethod?: string;
  readonly shippingAddress?: ShippingAddress;
}
