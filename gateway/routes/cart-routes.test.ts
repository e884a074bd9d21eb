import { expect } from 'chai';
import { emptyCart, viewOf } from '../../actors/cart/cart.state.ts';
import { ManualClock } from '../../actors/services/testing/manual-clock.ts';
import { ShopError } from '../error-table.ts';
import { createMemoryCatalog } from '../testing/memory-catalog.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { seeds } from '../testing/memory-shop.ts';

const items = '/api/v1/cart/items';

describe('cart routes', () => {
  let open: TestGateway;
  beforeEach(async () => {
    open = await openTestGateway();
  });
  afterEach(() => open.close());

  const add = (product_id: number, quantity: number, headers: Readonly<Record<string, string>> = {}) =>
    open.send('POST', items, { json: { product_id, quantity }, headers });

  it('shows a new user an empty cart', async () => {
    const { status, json, text } = await open.send('GET', '/api/v1/cart');
    expect(status).to.equal(200);
    expect(json).to.deep.include({ user_id: 1, items: [], total_items: 0, total_price: 0 });
    expect(json['cart_id']).to.be.a('string');
    expect(json['updated_at']).to.be.a('string');
    expect(text).to.contain('"total_price":0.00');
  });

  it('adds up, with names and prices of the catalogue', async () => {
    await add(1, 1);
    await add(2, 1);
    const { status, json, text } = await add(1, 1);
    expect(status).to.equal(201);
    expect(json['total_price']).to.equal(2629.97);
    expect(json['total_items']).to.equal(2);
    const laptop = { product_id: 1, product_name: 'Laptop', quantity: 2, price: 1299.99, subtotal: 2599.98 };
    expect(json['items']?.[1]).to.deep.include(laptop);
    expect(json['items']?.[1]).to.have.property('added_at');
    expect(text).to.contain('"subtotal":2599.98').and.contain('"price":29.99');
  });

  it('sets, removes and clears', async () => {
    await add(1, 5);
    await add(2, 1);
    const set = await open.send('PUT', `${items}/1`, { json: { quantity: 3 } });
    expect([set.status, set.json['items']?.[0]?.['quantity']]).to.deep.equal([200, 3]);
    const removed = await open.send('DELETE', `${items}/1`);
    expect([removed.status, removed.json['total_items']]).to.deep.equal([200, 1]);
    expect((await open.send('DELETE', `${items}/1`)).status).to.equal(404);
    for (const _ of [1, 2]) {
      const cleared = await open.send('DELETE', '/api/v1/cart');
      expect([cleared.status, cleared.json['total_items']]).to.deep.equal([200, 0]);
    }
  });

  it('applies a message under one Idempotency-Key once, with the same answer', async () => {
    const first = await add(1, 2, { 'idempotency-key': 'a key' });
    const second = await add(1, 2, { 'idempotency-key': 'a key' });
    expect(second.status).to.equal(201);
    expect(second.text).to.equal(first.text);
    expect(open.actors.asked.map(({ options }) => options.idempotencyKey)).to.deep.equal(['a key', 'a key']);
    const reused = await add(2, 2, { 'idempotency-key': 'a key' });
    expect([reused.status, reused.json['code']]).to.deep.equal([409, 'idempotency_key_reused']);
  });

  it('passes every mutating call its key, request id and trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { 'idempotency-key': 'k', 'x-request-id': 'r-7', traceparent };
    await open.send('POST', items, { json: { product_id: 1, quantity: 1 }, headers });
    await open.send('PUT', `${items}/1`, {
      json: { quantity: 1 },
      headers: { ...headers, 'idempotency-key': 'l' },
    });
    await open.send('DELETE', `${items}/1`, { headers: { ...headers, 'idempotency-key': 'm' } });
    await open.send('DELETE', '/api/v1/cart', { headers: { ...headers, 'idempotency-key': 'n' } });
    const passed = open.actors.asked.map(({ message, options }) => [message, options.idempotencyKey]);
    expect(passed).to.deep.equal([['AddItem', 'k'], ['SetQuantity', 'l'], ['RemoveItem', 'm'], ['ClearCart', 'n']]); // prettier-ignore
    for (const { options } of open.actors.asked)
      expect(options).to.include({ requestId: 'r-7', traceparent });
  });

  it('tells its version, and changes the cart only where it is still of that one', async () => {
    const etags = [(await open.send('GET', '/api/v1/cart')).headers.get('etag')];
    const changed = (method: string, path: string, json?: unknown) => async (ifMatch: string) => {
      const { status, headers } = await open.send(method, path, { json, headers: { 'if-match': ifMatch } });
      etags.push(headers.get('etag'));
      return status;
    };
    const put = changed('PUT', `${items}/1`, { quantity: 3 });
    const line = { product_id: 1, quantity: 1 };
    expect(await changed('POST', items, line)('"0"')).to.equal(201);
    expect(await changed('POST', items, line)('"0"')).to.equal(412);
    expect(await put('"0", "1-gzip"')).to.equal(200);
    expect(await put('W/"2"')).to.equal(412);
    expect(await changed('DELETE', `${items}/1`)('"1"')).to.equal(412);
    expect(await changed('DELETE', '/api/v1/cart')('"1"')).to.equal(412);
    expect(await changed('DELETE', '/api/v1/cart')('*')).to.equal(200);
    expect(etags).to.deep.equal(['"0"', '"1"', '"1"', '"2"', '"2"', '"2"', '"2"', '"3"']);
    const wrong = await open.send('DELETE', '/api/v1/cart', { headers: { 'if-match': '3' } });
    expect([wrong.status, wrong.json['code']]).to.deep.equal([400, 'invalid_request']);
  });

  it('refuses a sum over the limit by the actor, and tells so', async () => {
    await add(1, 99);
    const { status, json } = await add(1, 1);
    expect([status, json['code']]).to.deep.equal([409, 'quantity_limit']);
  });

  it('asks nothing of the actor when the product is unknown or the request is wrong', async () => {
    await add(999, 1);
    await add(1, 0);
    expect(open.actors.asked).to.deep.equal([]);
  });
});

describe('cart routes without the product service', () => {
  it('answers 503 with Retry-After, and has added nothing', async () => {
    const down = async () => Promise.reject(new ShopError('unavailable', 'connect 10.0.0.1'));
    const open = await openTestGateway({ catalog: { ...createMemoryCatalog(), getMany: down } });
    try {
      const { status, json, headers, text } = await open.send('POST', items, {
        json: { product_id: 1, quantity: 1 },
      });
      expect([status, json['code'], headers.get('retry-after')]).to.deep.equal([503, 'unavailable', '1']);
      expect(text).not.to.contain('10.0.0.1');
      expect(open.actors.asked).to.deep.equal([]);
    } finally {
      await open.close();
    }
  });
});

describe('a cart that is read again and again', () => {
  it('shows the prices of now, though nothing in it has changed', async () => {
    const clock = new ManualClock();
    let priceCents = 100;
    const items = [{ productId: 1, quantity: 2, addedAt: '2026-01-01T00:00:00.000Z' }];
    const view = { ...viewOf(emptyCart(1, 0)), items };
    const open = await openTestGateway({
      clock,
      catalog: {
        ...createMemoryCatalog(),
        getMany: async () => seeds.slice(0, 1).map((seed) => ({ ...seed, priceCents })),
      },
      cartViews: { get: async () => view, put: async () => {} },
    });
    try {
      const total = async () =>
        (await open.send('GET', '/api/v1/cart')).text.replace(/.*"total_price":([0-9.]+).*/, '$1');
      expect([await total(), await total()]).to.deep.equal(['2.00', '2.00']);
      priceCents = 150;
      clock.advance(3001);
      expect([await total(), await total()]).to.deep.equal(['3.00', '3.00']);
    } finally {
      await open.close();
    }
  });
});
