import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';

/*
 * Values at the bounds of what JavaScript, the wire, and the stores behind can hold, and just beyond them. Whatever
 * a request is made of, it is answered or refused: nothing of it may turn out to be wrong only in a store.
 */

const uuid = '00000000-0000-4000-8000-000000000001';
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const lastSnapshot = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export const texts: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...['', ' ', 'a', 'a\0b', '\0', '\u0000é', '\ufffe', '😀'.repeat(60), '%', "'", '\\', '${}', '{"a":1}', 'null', '__proto__'],
    ...['1', '0', '-1', '1e3', 'NaN', 'Infinity', '9'.repeat(16), '9'.repeat(19), '9'.repeat(400)],
    ...[64, 65, 128, 129, 200, 201, 255, 256, 512, 513, 1024, 1025, 5000, 5001].map((length) => 'x'.repeat(length)),
    ...[uuid, uuid.toUpperCase(), `${uuid}\0`, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000'],
    ...['card', 'SHIPPED', 'USD', '0.01', '9999999999.99', '10000000000', '1e9', '0.001', '-0'],
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
); // prettier-ignore

/** Of both lists, of their form, and of neither. */
export const pageTokens: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[0, -1, 1, lastSnapshot, lastSnapshot + 1, 8.64e15, 8.64e15 + 1, 2 ** 53 - 1, 2 ** 53, 1e300].flatMap(
      (number) => [encoded([number, uuid]), encoded([number, ''])],
    ),
    encoded([1, `${uuid}\0`]),
    encoded([1, 'x'.repeat(700)]),
  ),
  fc.jsonValue().map(encoded),
  texts,
);

export const int64s: Arbitrary<bigint> = fc.constantFrom(
  ...[
    0n,
    1n,
    2n,
    -1n,
    99n,
    2n ** 31n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ],
);

export const int32s: Arbitrary<number> = fc.constantFrom(
  ...[0, 1, -1, 2, 99, 100, 500, 501, 1_000_000, 1_000_001, 1_000_000_000, 2 ** 31 - 1, -(2 ** 31)],
);

const numbers: Arbitrary<number> = fc.oneof(
  int32s,
  fc.constantFrom(2 ** 31, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e300, 0.5, -0, 1e-7),
);

/** What JSON can say, half of it text with parts of surrogate pairs. */
const values: Arbitrary<unknown> = fc.oneof(
  texts,
  numbers,
  fc.constantFrom(null, true, '\ud800', '\udc00a'),
  fc.jsonValue(),
);

const addresses: Arbitrary<unknown> = fc.oneof(
  fc.dictionary(texts, fc.oneof(texts, values), { maxKeys: 4 }),
  fc.constantFrom({}, [], 'x', Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${n}`, 'v']))),
);

export interface RestCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
}

const segment = texts.map((text) => encodeURIComponent(text.toWellFormed()) || '%20');
const query = (parameters: Readonly<Record<string, Arbitrary<string | undefined>>>) =>
  fc.record(parameters).map((given) => {
    const pairs = Object.entries(given).filter(([, value]) => value !== undefined);
    return pairs
      .map(([name, value]) => `${name}=${encodeURIComponent(value?.toWellFormed() ?? '')}`)
      .join('&');
  });
const perhaps = <T>(given: Arbitrary<T>) => fc.option(given, { nil: undefined });
const printable = texts.map((text) => text.replace(/[^\x20-\x7e]/g, ''));
const path = (...parts: (string | Arbitrary<string>)[]) =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((all) => all.join(''));

const line = fc.record({
  product_id: fc.oneof(fc.constant(1), values),
  quantity: fc.oneof(fc.constant(1), values),
});
const start = fc.record({
  idempotency_key: fc.oneof(texts, values),
  shipping_address: perhaps(addresses),
  payment_method: perhaps(fc.oneof(fc.constantFrom('card', 'tok_1', '4111111111111111'), values)),
});
const lists = query({ page_size: perhaps(texts), page_token: perhaps(pageTokens), q: perhaps(texts) });
const pages = query({ page_token: pageTokens });

const targets: readonly [method: string, path: Arbitrary<string>, json: Arbitrary<unknown>][] = [
  ['GET', path('/products?', fc.oneof(lists, pages)), fc.constant(undefined)],
  ['GET', path('/products/', segment), fc.constant(undefined)],
  ['POST', path('/cart/items'), line],
  ['PUT', path('/cart/items/', segment), line],
  ['DELETE', path('/cart/items/', segment), fc.constant(undefined)],
  ['GET', path('/cart'), fc.constant(undefined)],
  ['POST', path('/checkout'), start],
  ['GET', path('/checkout/', segment), fc.constant(undefined)],
  ['POST', path('/checkout/', segment, '/cancel'), fc.constant(undefined)],
  ['GET', path('/orders?', fc.oneof(lists, pages)), fc.constant(undefined)],
  ['GET', path('/orders/', segment), fc.constant(undefined)],
  ['POST', path('/orders/', segment, '/cancel'), fc.constant(undefined)],
  ['PATCH', path('/orders/', segment, '/status'), fc.record({ status: values })],
];

const headers = fc
  .record({
    'x-request-id': perhaps(printable),
    'idempotency-key': perhaps(printable),
    traceparent: perhaps(printable),
  })
  .map((given) =>
    Object.fromEntries(
      Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  );

/** A request to each of the routes, below `/api/v1`. */
export const restCalls: readonly Arbitrary<RestCall>[] = targets.map(([method, to, json]) =>
  fc.record({ method: fc.constant(method), path: to, headers, json }),
);

const address = fc.record(
  Object.fromEntries(
    ['recipient', 'line1', 'line2', 'city', 'region', 'postalCode', 'country', 'phone'].map((name) => [
      name,
      texts,
    ]),
  ),
);
const ids = fc.array(int64s, { maxLength: 4 });
const product = { name: texts, description: texts, priceCents: int64s, imageUrl: texts };

/** A request of each method of each service, by the name of what listens. */
export const rpcCalls: Readonly<Record<string, Readonly<Record<string, Arbitrary<object>>>>> = {
  'cart gRPC façade': {
    getCart: fc.record({ userId: int64s }),
    addItem: fc.record({ userId: int64s, productId: int64s, quantity: int32s }),
    updateQuantity: fc.record({ userId: int64s, productId: int64s, quantity: int32s }),
    removeItem: fc.record({ userId: int64s, productId: int64s }),
    clearCart: fc.record({ userId: int64s }),
  },
  'checkout gRPC façade': {
    initiateCheckout: fc.record({
      userId: int64s,
      idempotencyKey: texts,
      shippingAddress: perhaps(address),
      paymentMethod: texts,
    }),
    getCheckoutStatus: fc.record({ checkoutId: texts, userId: int64s }),
    cancelCheckout: fc.record({ checkoutId: texts, userId: int64s }),
  },
  'orders gRPC façade': {
    getOrder: fc.record({ orderId: texts }),
    listOrders: fc.record({
      userId: fc.oneof(fc.constant('1'), texts),
      pageSize: int32s,
      pageToken: pageTokens,
    }),
    updateOrderStatus: fc.record({ orderId: texts, status: texts }),
    cancelOrder: fc.record({ orderId: texts, userId: texts }),
  },
  'product service': {
    getProducts: fc.record({ pageSize: int32s, pageToken: pageTokens, query: texts, ids }),
    getProduct: fc.record({ id: int64s }),
    validateProducts: fc.record({ ids }),
    createProduct: fc.record(product),
    updateProduct: fc.record({ id: int64s, ...product }),
    deleteProduct: fc.record({ id: int64s }),
  },
  'inventory service': {
    getStock: fc.record({ productIds: ids }),
    reserve: fc.record({
      checkoutId: texts,
      items: fc.array(fc.record({ productId: int64s, quantity: int32s }), { maxLength: 3 }),
    }),
    confirm: fc.record({ reservationId: texts }),
    release: fc.record({ reservationId: texts }),
    restock: fc.record({ reservationId: texts }),
    getReservation: fc.record({ reservationId: texts }),
    setStock: fc.record({ productId: int64s, available: int32s }),
  },
  'payment service': {
    charge: fc.record({ checkoutId: texts, amount: texts, paymentMethod: texts, currency: texts }),
    refund: fc.record({ checkoutId: texts }),
    getPayment: fc.record({ checkoutId: texts }),
  },
};
