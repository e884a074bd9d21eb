import { expect } from 'chai';
import { ShopError } from '../error-table.ts';
import { seeds } from '../testing/memory-shop.ts';
import { createMemoryCatalog, createMemoryInventory } from '../testing/memory-catalog.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

describe('product routes', () => {
  it('show all products with their stock', async () => {
    const open = await openTestGateway();
    try {
      const { status, json, text } = await open.send('GET', '/api/v1/products');
      expect(status).to.equal(200);
      expect(Object.keys(json)).to.deep.equal(['products']);
      expect(json['products']?.[0]).to.deep.equal({
        id: 1,
        name: 'Laptop',
        description: 'A Laptop',
        price: 1299.99,
        image_url: '',
        created_at: '2026-01-01T00:00:00.000Z',
        stock: 7,
      });
      expect(text).to.contain('"price":1299.99');
      const one = await open.send('GET', '/api/v1/products/2');
      expect([one.status, one.json['name'], one.json['stock']]).to.deep.equal([200, 'Mouse', 7]);
    } finally {
      await open.close();
    }
  });

  it("pass paging, search and request id on, in no user's name", async () => {
    const asked: unknown[] = [];
    const list: ReturnType<typeof createMemoryCatalog>['list'] = async (query, context) => {
      asked.push([query, context?.requestId, context?.userId]);
      return { products: seeds, nextPageToken: 'more' };
    };
    const open = await openTestGateway({ catalog: { ...createMemoryCatalog(), list } });
    try {
      const headers = { 'x-request-id': 'r-9' };
      const { json } = await open.send('GET', '/api/v1/products?page_size=100&page_token=t&q=%20mou%20', {
        headers,
      });
      expect(json['next_page_token']).to.equal('more');
      expect(asked).to.deep.equal([[{ pageSize: 100, pageToken: 't', query: 'mou' }, 'r-9', undefined]]);
    } finally {
      await open.close();
    }
  });

  it('go without the stock when the inventory is down', async () => {
    const getStock = async () => Promise.reject(new ShopError('unavailable', 'down'));
    const open = await openTestGateway({ inventory: { ...createMemoryInventory(), getStock } });
    try {
      const { status, json } = await open.send('GET', '/api/v1/products/1');
      expect(status).to.equal(200);
      expect(json).not.to.have.property('stock');
    } finally {
      await open.close();
    }
  });
});

describe('product routes of administrators', () => {
  let open: TestGateway;
  beforeEach(async () => {
    open = await openTestGateway();
  });
  afterEach(() => open.close());

  const path = '/api/v1/products';
  const lamp = { name: 'Lamp', price: 19.9 };
  const asAdmin = (method: string, path: string, json?: unknown, headers: Record<string, string> = {}) =>
    open.send(method, path, { as: 'admin', json, headers });

  it('create, change and delete', async () => {
    const created = await asAdmin('POST', path, { ...lamp, stock: 3, id: 1, created_at: 'never' });
    const shown = { id: 4, ...lamp, description: '', image_url: '', stock: 3 };
    expect(created.status).to.equal(201);
    expect(created.json).to.deep.include(shown);
    expect(created.text).to.contain('"price":19.90');
    const place = created.headers.get('location') ?? '';
    expect((await asAdmin('GET', place)).json).to.deep.include(shown);

    const changed = await asAdmin('PUT', place, { price: 21, image_url: '/lamp.png' });
    expect([changed.status, changed.json]).to.deep.equal([
      200,
      { ...created.json, price: 21, image_url: '/lamp.png' },
    ]);
    expect((await asAdmin('PUT', place, { stock: 0 })).json).to.deep.include({ stock: 0, price: 21 });

    const deleted = await asAdmin('DELETE', place);
    expect([deleted.status, deleted.text, deleted.headers.get('content-type')]).to.deep.equal([
      204,
      '',
      null,
    ]);
    for (const method of ['GET', 'DELETE', 'PUT'])
      expect((await asAdmin(method, place, method === 'PUT' ? lamp : undefined)).status, method).to.equal(
        404,
      );
  });

  it('make a change once under its key, and answer it the same', async () => {
    const key = { 'idempotency-key': 'k' };
    const first = await asAdmin('POST', path, { ...lamp, stock: 3 }, key);
    await asAdmin('PUT', `${path}/4`, { stock: 1 });
    const again = await asAdmin('POST', path, { ...lamp, stock: 3 }, key);
    expect([again.status, again.text]).to.deep.equal([201, first.text]);
    expect((await asAdmin('GET', `${path}/4`)).json['stock'], 'the stock of now').to.equal(1);
    const other = await asAdmin('POST', path, lamp, key);
    expect([other.status, other.json['code']]).to.deep.equal([409, 'idempotency_key_reused']);
    for (const _ of [1, 2]) {
      expect((await asAdmin('DELETE', `${path}/4`, undefined, { 'idempotency-key': 'd' })).status).to.equal(
        204,
      );
    }
  });

  it('are closed to everybody else', async () => {
    for (const [method, of, json] of [
      ['POST', path, lamp],
      ['PUT', `${path}/1`, lamp],
      ['DELETE', `${path}/1`, undefined],
    ] as const) {
      const { status, json: refusal } = await open.send(method, of, { json });
      expect([status, refusal['code']], method).to.deep.equal([403, 'forbidden']);
      expect((await open.send(method, of, { as: 'nobody', json })).status, method).to.equal(401);
    }
  });

  it('refuse what is no product, by its first wrong field', async () => {
    for (const [wrong, code] of [
      [{ price: 1 }, 'invalid_name'],
      [{ name: '  ', price: 1 }, 'invalid_name'],
      [{ name: 'a\0', price: 1 }, 'invalid_name'],
      [{ name: 'n'.repeat(201), price: 1 }, 'invalid_name'],
      [{ name: 'n' }, 'invalid_price'],
      ...['1', 0, -1, 0.001, 1.005, 1e9, null].map(
        (price) => [{ name: 'n', price }, 'invalid_price'] as const,
      ),
      [{ ...lamp, description: 1 }, 'invalid_description'],
      ...['javascript:alert(1)', 'ftp://x', 'http://a b', 1].map((image_url) => [{ ...lamp, image_url }, 'invalid_image_url'] as const), // prettier-ignore
      ...[-1, 1.5, '1', 1e10].map((stock) => [{ ...lamp, stock }, 'invalid_stock'] as const),
    ] as const) {
      const { status, json } = await asAdmin('POST', path, wrong);
      expect([status, json['code']], JSON.stringify(wrong)).to.deep.equal([400, code]);
    }
    const nothing = await asAdmin('PUT', `${path}/1`, { id: 7 });
    expect([nothing.status, nothing.json['code']]).to.deep.equal([400, 'invalid_request']);
    expect((await asAdmin('PUT', `${path}/0`, lamp)).json['code']).to.equal('invalid_product_id');
    expect((await asAdmin('DELETE', `${path}/99999999999999999999`)).status).to.equal(404);
    expect((await asAdmin('GET', path)).json['products']).to.have.length(seeds.length);
  });
});
