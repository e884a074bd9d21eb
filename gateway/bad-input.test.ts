import { expect } from 'chai';
import { openTestGateway, type Sent, type TestGateway } from './testing/test-gateway.ts';

const uuid = '00000000-0000-4000-8000-000000000001';
const items = '/api/v1/cart/items';
const checkout = '/api/v1/checkout';
const orders = '/api/v1/orders';
const long = (length: number) => 'k'.repeat(length);
const item = (fields: Readonly<Record<string, unknown>>): Sent => ({
  json: { product_id: 1, quantity: 1, ...fields },
});
const start = (fields: Readonly<Record<string, unknown>>): Sent => ({
  json: { idempotency_key: 'k', ...fields },
});
const raw = (body: string, contentType = 'application/json'): Sent => ({
  body,
  headers: { 'content-type': contentType },
});
const keyed = (key: string): Sent => ({ ...item({}), headers: { 'idempotency-key': key } });

type Case = [what: string, method: string, path: string, sent: Sent, status: number, code: string];

const cases: Case[] = [
  ['a path without a route', 'GET', '/api/v1/nothing', {}, 404, 'not_found'],
  ['a path without a route, no token', 'GET', '/api/v1/nothing', { as: 'nobody' }, 404, 'not_found'],
  ['the root', 'GET', '/', { as: 'nobody' }, 404, 'not_found'],
  ['another case of a path', 'GET', '/API/V1/cart', {}, 404, 'not_found'],
  ['a wrong method', 'PATCH', '/api/v1/cart', {}, 405, 'method_not_allowed'],
  ['a wrong method, no token', 'PUT', '/api/v1/orders', { as: 'nobody' }, 405, 'method_not_allowed'],
  ['a method nobody knows', 'PROPFIND', '/api/v1/cart', {}, 405, 'method_not_allowed'],
  ['a product of nothing', 'POST', '/api/v1/products', { as: 'admin', json: {} }, 400, 'invalid_name'],
  ['a wrong method on health', 'POST', '/health', { as: 'nobody' }, 405, 'method_not_allowed'],
  ['broken percent-encoding', 'GET', '/api/v1/products/%E0%A4%A', {}, 400, 'invalid_request'],
  ['percent-encoding that is no UTF-8', 'GET', '/%ff', {}, 400, 'invalid_request'],

  ...['0', '-1', '1.5', '1.0', '1e3', '01', '+1', 'abc', '%00', '1%00', '%201', '１', 'null', '0x10', '__proto__'].map(
    (id): Case => [`product '${id}'`, 'GET', `/api/v1/products/${encodeURI(decodeURIComponent(id)).replaceAll('\0', '%00')}`, {}, 400, 'invalid_product_id'],
  ),
  ['an unknown product', 'GET', '/api/v1/products/999', {}, 404, 'not_found'],
  ['a product id beyond all numbers', 'GET', `/api/v1/products/${'9'.repeat(400)}`, {}, 404, 'not_found'],
  ...['0', '501', '1000', '-1', '1.5', 'x', '', '1&page_size=2'].map(
    (size): Case => [`page_size=${size}`, 'GET', `/api/v1/products?page_size=${size}`, {}, 400, 'invalid_page_size'],
  ),
  ['a page token with NUL', 'GET', '/api/v1/products?page_token=%00', {}, 400, 'invalid_page_token'],
  ['a search with NUL', 'GET', '/api/v1/products?q=%00', {}, 400, 'invalid_request'],
  ['a search without end', 'GET', `/api/v1/products?q=${long(201)}`, {}, 400, 'invalid_request'],

  ...[0, -1, 1.5, '1', null, true, [1], {}, undefined, 1e20, 2 ** 53].map(
    (id): Case => [`product_id ${JSON.stringify(id)}`, 'POST', items, item({ product_id: id }), 400, 'invalid_product_id'],
  ),
  ...[0, -1, 1.5, 100, '1', null, false, [1], undefined, 1e20].map(
    (quantity): Case => [`quantity ${JSON.stringify(quantity)}`, 'POST', items, item({ quantity }), 400, 'invalid_quantity'],
  ),
  ['no body', 'POST', items, {}, 400, 'invalid_product_id'],
  ['an empty body', 'POST', items, raw(''), 400, 'invalid_product_id'],
  ['an unknown product to add', 'POST', items, item({ product_id: 999 }), 404, 'not_found'],
  ...['{', '{"product_id":1,}', 'not json', '"text"', '1', 'null', '[]', '[{"product_id":1}]', '{} {}', "{'a':1}"].map(
    (body): Case => [`the body ${body}`, 'POST', items, raw(body), 400, 'invalid_request'],
  ),
  ['a body with __proto__', 'POST', items, raw('{"product_id":1,"quantity":1,"__proto__":{"a":1}}'), 400, 'invalid_request'],
  ['a body of another type', 'POST', items, raw('{"product_id":1,"quantity":1}', 'text/plain'), 415, 'unsupported_media_type'],
  ['a form', 'POST', items, raw('product_id=1', 'application/x-www-form-urlencoded'), 415, 'unsupported_media_type'],
  ['JSON of another kind', 'POST', items, raw('{}', 'application/vnd.api+json'), 415, 'unsupported_media_type'],
  ['JSON in another charset', 'POST', items, raw('{}', 'application/json; charset=utf-16'), 415, 'unsupported_media_type'],
  ['a compression nobody knows', 'POST', items, { body: '{}', headers: { 'content-encoding': 'pied-piper' } }, 415, 'unsupported_media_type'],
  ['a broken compression', 'POST', items, { body: '{}', headers: { 'content-encoding': 'gzip' } }, 400, 'invalid_request'],
  ['a body over a megabyte', 'POST', items, raw(`{"a":"${long(1024 * 1024)}"}`), 413, 'payload_too_large'],
  ['a streamed body over a megabyte', 'POST', items, { body: streamOf(2 * 1024 * 1024) }, 413, 'payload_too_large'],
  ['half a million lists within each other', 'POST', items, raw(`{"product_id":1,"quantity":1,"x":${'['.repeat(500_000)}${']'.repeat(500_000)}}`), 400, 'invalid_request'],
  ['an address of 60,000 members', 'POST', checkout, raw(`{"idempotency_key":"k","shipping_address":{${Array.from({ length: 60_000 }, (_, n) => `"k${n}":0`).join(',')}}}`), 400, 'invalid_request'],
  ['malformed JSON where no body is needed', 'POST', `${checkout}/${uuid}/cancel`, raw('{'), 400, 'invalid_request'],
  ['an empty Idempotency-Key', 'POST', items, keyed(''), 400, 'invalid_idempotency_key'],
  ['a long Idempotency-Key', 'POST', items, keyed(long(256)), 400, 'invalid_idempotency_key'],
  ['an unprintable Idempotency-Key', 'POST', items, keyed('k\u0080'), 400, 'invalid_idempotency_key'],

  ['PUT for product x', 'PUT', `${items}/x`, { json: { quantity: 1 } }, 400, 'invalid_product_id'],
  ['PUT of 0', 'PUT', `${items}/1`, { json: { quantity: 0 } }, 400, 'invalid_quantity'],
  ['PUT of 100', 'PUT', `${items}/1`, { json: { quantity: 100 } }, 400, 'invalid_quantity'],
  ['PUT of nothing', 'PUT', `${items}/1`, { json: {} }, 400, 'invalid_quantity'],
  ['PUT of what is not in the cart', 'PUT', `${items}/1`, { as: 99, json: { quantity: 1 } }, 404, 'not_found'],
  ['PUT of an id beyond all numbers', 'PUT', `${items}/${'9'.repeat(30)}`, { json: { quantity: 1 } }, 404, 'not_found'],
  ['DELETE for product 0', 'DELETE', `${items}/0`, {}, 400, 'invalid_product_id'],
  ['DELETE of what is not in the cart', 'DELETE', `${items}/1`, { as: 99 }, 404, 'not_found'],

  ['a checkout without a body', 'POST', checkout, {}, 400, 'missing_idempotency_key'],
  ...[undefined, null, '', '  '].map(
    (key): Case => [`idempotency_key ${JSON.stringify(key)}`, 'POST', checkout, start({ idempotency_key: key }), 400, 'missing_idempotency_key'],
  ),
  ...[1, true, {}, ['k'], long(256), 'a\0b', '\ud800'].map(
    (key): Case => [`idempotency_key ${JSON.stringify(key).slice(0, 20)}`, 'POST', checkout, start({ idempotency_key: key }), 400, 'invalid_idempotency_key'],
  ),
  ...['street 1', [], 1, { street: 1 }, { street: 'a\0b' }, { 'a\0b': 'x' }, {}, { street: long(2037) }, { street: 'я'.repeat(1020) }, { nested: {} }].map(
    (address): Case => [`shipping_address ${JSON.stringify(address).slice(0, 20)}`, 'POST', checkout, start({ shipping_address: address }), 400, 'invalid_shipping_address'],
  ),
  ...['', 1, {}, long(65), 'a\0b', 'bitcoin', 'Card', 'tok_4111111111111111', '4111 1111 1111 1111', '378282246310005-x'].map(
    (method): Case => [`payment_method ${JSON.stringify(method).slice(0, 20)}`, 'POST', checkout, start({ payment_method: method }), 400, 'invalid_payment_method'],
  ),
  ['an empty cart', 'POST', checkout, { as: 98, json: { idempotency_key: 'k' } }, 400, 'empty_cart'],
  ['a checkout id that is none', 'GET', `${checkout}/x`, {}, 404, 'not_found'],
  ['an unknown checkout', 'GET', `${checkout}/${uuid}`, {}, 404, 'not_found'],
  ['cancelling an unknown checkout', 'POST', `${checkout}/${uuid}/cancel`, {}, 404, 'not_found'],

  ...['x', '1', `${uuid}0`, uuid.replaceAll('-', ''), '%00', `${uuid}%0A`].map(
    (id): Case => [`order '${id}'`, 'GET', `${orders}/${id}`, {}, 400, 'invalid_order_id'],
  ),
  ['an unknown order', 'GET', `${orders}/${uuid}`, {}, 404, 'not_found'],
  ['cancelling an unknown order', 'POST', `${orders}/${uuid}/cancel`, {}, 404, 'not_found'],
  ['cancelling order x', 'POST', `${orders}/x/cancel`, {}, 400, 'invalid_order_id'],
  ['a page_size of orders', 'GET', `${orders}?page_size=501`, {}, 400, 'invalid_page_size'],
  ['a page_token of orders', 'GET', `${orders}?page_token=x`, {}, 400, 'invalid_page_token'],
  ['a status by no admin, even a wrong one', 'PATCH', `${orders}/x/status`, { json: { status: 'LOST' } }, 403, 'forbidden'],
  ['a wrong status', 'PATCH', `${orders}/${uuid}/status`, { as: 'admin', json: { status: 'LOST' } }, 400, 'invalid_status'],
  ['no status', 'PATCH', `${orders}/${uuid}/status`, { as: 'admin', json: {} }, 400, 'invalid_status'],
  ['a status of an unknown order', 'PATCH', `${orders}/${uuid}/status`, { as: 'admin', json: { status: 'SHIPPED' } }, 404, 'not_found'],

  ['no token before a wrong body', 'POST', items, { as: 'nobody', json: { quantity: -1 } }, 401, 'unauthorized'],
  ['no token before a large body', 'POST', items, { as: 'nobody', body: long(2 * 1024 * 1024) }, 401, 'unauthorized'],
  ['a token that is none', 'GET', '/api/v1/cart', { as: { token: 'x' } }, 401, 'unauthorized'],
]; // prettier-ignore

describe('bad input', () => {
  let open: TestGateway;
  before(async () => {
    open = await openTestGateway();
  });
  after(() => open.close());

  for (const [what, method, path, sent, status, code] of cases) {
    it(`answers ${status} ${code} to ${what}`, async () => {
      const answer = await open.send(method, path, sent);
      expect({ status: answer.status, code: answer.json['code'] }, answer.text).to.deep.equal({
        status,
        code,
      });
      expect(Object.keys(answer.json)).to.have.members(['error', 'code', 'request_id']);
      expect(answer.json['error']).to.be.a('string').that.is.not.empty;
      expect(answer.json['request_id']).to.equal(answer.headers.get('x-request-id'));
      expect(answer.headers.get('content-type')).to.equal('application/json; charset=utf-8');
      expect(answer.text).not.to.match(/\bat .*:\d+|node_modules|stack/);
      if (status === 405) expect(answer.headers.get('allow')).to.be.a('string').that.is.not.empty;
      if (status === 401) expect(answer.headers.get('www-authenticate')).to.match(/^Bearer /);
    });
  }

  it('ignores members that it does not know', async () => {
    const { status, json } = await open.send(
      'POST',
      items,
      item({ constructor: { prototype: { admin: true } }, x: '\0' }),
    );
    expect(status).to.equal(201);
    expect(Object.keys(json)).to.have.members(
      ['cart_id', 'user_id', 'items', 'total_items', 'total_price', 'updated_at'], // prettier-ignore
    );
  });

  it('serves the next request on a connection whose body was too large', async () => {
    expect((await open.send('POST', items, { body: streamOf(4 * 1024 * 1024) })).status).to.equal(413);
    expect((await open.send('GET', '/api/v1/cart')).status).to.equal(200);
  });
});

function streamOf(bytes: number): ReadableStream {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      left -= 65_536;
      controller.enqueue(new Uint8Array(65_536).fill(0x20));
    },
  });
}
