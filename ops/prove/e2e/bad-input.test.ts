import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { codeOf } from '@trolley/runtime';
import { meaningOf } from '../../../gateway/error-table.ts';
import { openGrpcClient } from '../../../actors/services/grpc/grpc.client.ts';
import { CartServiceService } from '../../../proto/gen/cart/cart.ts';
import { CheckoutServiceService } from '../../../proto/gen/checkout/checkout.ts';
import { InventoryServiceService } from '../../../proto/gen/inventory/inventory.ts';
import { OrdersServiceService } from '../../../proto/gen/orders/orders.ts';
import { PaymentServiceService } from '../../../proto/gen/payment/payment.ts';
import { ProductServiceService } from '../../../proto/gen/product/product.ts';
import { restCalls, rpcCalls } from './bounds.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { portOf } from './shop-environment.ts';
import type { Sent } from './shop-client.ts';

const uuid = '00000000-0000-4000-8000-000000000001';
const products = '/api/v1/products';
const cart = '/api/v1/cart';
const items = '/api/v1/cart/items';
const checkout = '/api/v1/checkout';
const orders = '/api/v1/orders';

type Who = 'user' | 'admin' | 'nobody';
type Case = [what: string, who: Who, request: string, sent: Sent, answer: string];

const json = (body: unknown): Sent => ({ json: body });
const raw = (body: string, contentType = 'application/json'): Sent => ({
  raw: body,
  headers: { 'content-type': contentType },
});
const token = (text: string): Sent => ({ headers: { authorization: text } });
const unsigned = `${encoded({ alg: 'none' })}.${encoded({ user_id: 1, iss: 'ecommerce-platform', exp: 4102444800 })}.`;

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const cases: Case[] = [
  ['no route', 'user', 'GET /api/v1/nothing', {}, '404 not_found'],
  ['no route and no token', 'nobody', 'GET /nothing', {}, '404 not_found'],
  ['a wrong method', 'user', `PATCH ${cart}`, {}, '405 method_not_allowed'],
  ['broken percent-encoding', 'user', `GET ${products}/%E0%A4%A`, {}, '400 invalid_request'],

  ['no token', 'nobody', `GET ${cart}`, {}, '401 unauthorized'],
  ['a token that is none', 'nobody', `GET ${cart}`, token('Bearer x'), '401 unauthorized'],
  ['a token without a signature', 'nobody', `GET ${cart}`, token(`Bearer ${unsigned}`), '401 unauthorized'],
  ['another scheme', 'nobody', `GET ${orders}`, token('Basic dXNlcjpwYXNz'), '401 unauthorized'],

  ...['0', '-1', '1.5', 'abc', '%00'].map(
    (id): Case => [`product '${id}'`, 'user', `GET ${products}/${id}`, {}, '400 invalid_product_id'],
  ),
  ['an unknown product', 'user', `GET ${products}/999`, {}, '404 not_found'],
  ['an endless product id', 'user', `GET ${products}/${'9'.repeat(300)}`, {}, '404 not_found'],
  ['a page size of 0', 'user', `GET ${products}?page_size=0`, {}, '400 invalid_page_size'],
  ['a page token that is none', 'user', `GET ${products}?page_token=x`, {}, '400 invalid_page_token'],

  ...[0, -1, 1.5, 100, '1', null, undefined].map((quantity): Case => {
    const sent = json({ product_id: 1, quantity });
    return [`quantity ${JSON.stringify(quantity)}`, 'user', `POST ${items}`, sent, '400 invalid_quantity'];
  }),
  ...[0, -1, 1.5, '1', null, undefined, 2 ** 60].map((product_id): Case => {
    const sent = json({ product_id, quantity: 1 });
    return [`product ${JSON.stringify(product_id)}`, 'user', `POST ${items}`, sent, '400 invalid_product_id'];
  }),
  ['adding an unknown product', 'user', `POST ${items}`, json({ product_id: 999, quantity: 1 }), '404 not_found'],
  ['no body', 'user', `POST ${items}`, {}, '400 invalid_product_id'],
  ...['{', '[]', 'null', '"text"', '{"product_id":1,}'].map(
    (body): Case => [`the body ${body}`, 'user', `POST ${items}`, raw(body), '400 invalid_request'],
  ),
  ['a form', 'user', `POST ${items}`, raw('product_id=1', 'application/x-www-form-urlencoded'), '415 unsupported_media_type'],
  ['two megabytes', 'user', `POST ${items}`, raw(`{"a":"${'a'.repeat(2 ** 21)}"}`), '413 payload_too_large'],
  ['PUT of 0', 'user', `PUT ${items}/1`, json({ quantity: 0 }), '400 invalid_quantity'],
  ['PUT of what is not in the cart', 'user', `PUT ${items}/1`, json({ quantity: 1 }), '404 not_found'],
  ['DELETE of what is not in the cart', 'user', `DELETE ${items}/1`, {}, '404 not_found'],
  ['DELETE of product x', 'user', `DELETE ${items}/x`, {}, '400 invalid_product_id'],

  ['an empty cart', 'user', `POST ${checkout}`, json({ idempotency_key: 'k' }), '400 empty_cart'],
  ['no idempotency key', 'user', `POST ${checkout}`, json({}), '400 missing_idempotency_key'],
  ['an empty idempotency key', 'user', `POST ${checkout}`, json({ idempotency_key: '' }), '400 missing_idempotency_key'],
  ...[1, {}, 'k'.repeat(256), 'a\0b', '\ud800'].map((key): Case => {
    const what = `idempotency key ${JSON.stringify(key).slice(0, 12)}`;
    return [what, 'user', `POST ${checkout}`, json({ idempotency_key: key }), '400 invalid_idempotency_key'];
  }),
  ...['street', [], { street: 1 }, { street: 'a\0b' }].map((address): Case => {
    const sent = json({ idempotency_key: 'k', shipping_address: address });
    return [`address ${JSON.stringify(address)}`, 'user', `POST ${checkout}`, sent, '400 invalid_shipping_address'];
  }),
  ['a checkout id that is none', 'user', `GET ${checkout}/x`, {}, '404 not_found'],
  ['an unknown checkout', 'user', `GET ${checkout}/${uuid}`, {}, '404 not_found'],
  ['cancelling an unknown checkout', 'user', `POST ${checkout}/${uuid}/cancel`, {}, '404 not_found'],

  ['an order id that is none', 'user', `GET ${orders}/x`, {}, '400 invalid_order_id'],
  ['an unknown order', 'user', `GET ${orders}/${uuid}`, {}, '404 not_found'],
  ['cancelling an unknown order', 'user', `POST ${orders}/${uuid}/cancel`, {}, '404 not_found'],
  ['a page token of orders', 'user', `GET ${orders}?page_token=x`, {}, '400 invalid_page_token'],
  ['a page token of the year 10000', 'user', `GET ${orders}?page_token=${encoded([Date.UTC(10_000, 0, 1), uuid])}`, {}, '400 invalid_page_token'],
  ['a page of 501 orders', 'user', `GET ${orders}?page_size=501`, {}, '400 invalid_page_size'],
  ...['4111111111111111 12/27 123', 'bitcoin'].map((method): Case => {
    const sent = json({ idempotency_key: 'k', payment_method: method });
    return [`the payment method ${method}`, 'user', `POST ${checkout}`, sent, '400 invalid_payment_method'];
  }),
  ['a status by a user', 'user', `PATCH ${orders}/${uuid}/status`, json({ status: 'SHIPPED' }), '403 forbidden'],
  ['a status that is none', 'admin', `PATCH ${orders}/${uuid}/status`, json({ status: 'LOST' }), '400 invalid_status'],
  ['a status of an unknown order', 'admin', `PATCH ${orders}/${uuid}/status`, json({ status: 'SHIPPED' }), '404 not_found'],
]; // prettier-ignore

describe('bad input to the whole shop', () => {
  let shop: RunningShop;
  before(async () => {
    shop = await startShop();
  });
  after(() => shop.stop());

  for (const [what, who, request, sent, wanted] of cases) {
    it(`${what}: ${wanted}`, async () => {
      const [method = '', path = ''] = request.split(' ');
      const token = who === 'nobody' ? undefined : (await userOf(shop, who)).token;
      const { status, body, text, headers } = await shop.client.send(method, path, { token, ...sent });
      expect(`${status} ${body.code ?? ''}`, text).to.equal(wanted);
      expect(Object.keys(body)).to.have.members(['error', 'code', 'request_id']);
      expect(body.request_id).to.equal(headers.get('x-request-id'));
      expect(text).not.to.match(/\bat .*:\d+|node_modules|stack/);
      if (status === 405) expect(headers.get('allow')).to.include('GET');
      if (status === 401) expect(headers.get('www-authenticate')).to.match(/^Bearer /);
    });
  }

  it('more than the cart holds: 409 cart_full, and over 99 of one: refused', async () => {
    const user = await shop.client.user(70);
    await user.add(1, 99);
    const more = await user.sendAdd(1, 1);
    expect(more.status).to.be.within(400, 409);
    expect((await user.shop.cart.get()).items[0]?.quantity).to.equal(99);
  });

  it('a request id is taken over, and the health routes want no token', async () => {
    const answer = await shop.client.send('GET', '/health', { headers: { 'x-request-id': 'mine' } });
    expect([answer.status, answer.text, answer.headers.get('x-request-id')]).to.deep.equal([
      200,
      '{"status":"ok"}',
      'mine',
    ]);
    expect((await shop.client.send('GET', '/health/live')).status).to.equal(200);
    expect((await shop.client.send('GET', '/health/ready')).status).to.equal(200);
  });

  it('values at the bounds of the stores and beyond: answered or refused by every route', async () => {
    const users = [await shop.client.user(62), await shop.client.user(Number.MAX_SAFE_INTEGER, 'admin')];
    for (const call of restCalls) {
      await fc.assert(
        fc.asyncProperty(call, fc.constantFrom(...users), async ({ method, path, headers, json }, user) => {
          const { status, text } = await user.send(method, path, { headers, json });
          expect(status, text).to.be.within(200, 499);
        }),
        { numRuns: 25 },
      );
    }
  });

  it('values at the bounds of the stores and beyond: answered or refused by every RPC', async () => {
    for (const [what, methods] of Object.entries(rpcCalls)) {
      const address = `localhost:${portOf(shop.lines, what)}`;
      const client = openGrpcClient(definitions[what] ?? {}, { address, credentials: shop.credentials });
      try {
        for (const [method, request] of Object.entries(methods)) {
          await fc.assert(
            fc.asyncProperty(request, async (given) => {
              const refusal: unknown = await client.call(method as never, given as never).then(
                () => undefined,
                (error: unknown) => error,
              );
              if (refusal === undefined) return;
              expect(meaningOf(codeOf(refusal)).http, `${method}: ${inspect(refusal)}`).to.be.below(500);
            }),
            { numRuns: 25 },
          );
        }
      } finally {
        client.close();
      }
    }
  });
});

const definitions: Readonly<Record<string, object>> = {
  'cart gRPC façade': CartServiceService,
  'checkout gRPC façade': CheckoutServiceService,
  'orders gRPC façade': OrdersServiceService,
  'product service': ProductServiceService,
  'inventory service': InventoryServiceService,
  'payment service': PaymentServiceService,
};

describe('the rate limit of the whole shop', () => {
  it('refuses with 429 and Retry-After what comes too fast, one user and not the other', async () => {
    const shop = await startShop({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '5' });
    try {
      const [user, other] = [await shop.client.user(1), await shop.client.user(2)];
      const answers = await Promise.all(Array.from({ length: 12 }, () => user.send('GET', '/cart')));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused).to.have.length.within(5, 7);
      for (const { body, headers } of refused) {
        expect(body.code).to.equal('rate_limited');
        expect(Number(headers.get('retry-after'))).to.be.at.least(1);
      }
      await other.shop.cart.get();
    } finally {
      await shop.stop();
    }
  });
});

function userOf(shop: RunningShop, who: 'user' | 'admin') {
  return who === 'admin' ? shop.client.user(60, 'admin') : shop.client.user(61);
}
