import { expect } from 'chai';
import { openTestGateway, textOf, type TestGateway } from '../testing/test-gateway.ts';

describe('order routes', () => {
  let open: TestGateway;
  beforeEach(async () => {
    open = await openTestGateway();
  });
  afterEach(() => open.close());

  async function buy(key: string): Promise<string> {
    await open.send('POST', '/api/v1/cart/items', { json: { product_id: 1, quantity: 1 } });
    await open.send('POST', '/api/v1/checkout', { json: { idempotency_key: key } });
    return textOf((await open.send('GET', '/api/v1/orders')).json[0]?.['id']);
  }

  it('lists none as an empty array', async () => {
    const { status, text, headers } = await open.send('GET', '/api/v1/orders');
    expect([status, text, headers.get('x-next-page-token')]).to.deep.equal([200, '[]', null]);
  });

  it('lists the newest first, a page at a time', async () => {
    const ids = [await buy('a'), await buy('b'), await buy('c')];
    const first = await open.send('GET', '/api/v1/orders?page_size=2&page_token=');
    expect([first.json[0]?.['id'], first.json[1]?.['id']]).to.deep.equal([ids[2], ids[1]]);
    const token = first.headers.get('x-next-page-token');
    const second = await open.send('GET', `/api/v1/orders?page_size=2&page_token=${token}`);
    expect(second.json[0]?.['id']).to.equal(ids[0]);
    expect(second.headers.get('x-next-page-token')).to.equal(null);
  });

  it('lists the newest 100 to who names no size, and 500 at most', async () => {
    const id = await buy('a');
    const [order] = open.memory.placed.values();
    for (let n = 0; n < 600 && order !== undefined; n++) {
      open.memory.placed.set(String(n), { ...order, id: `${id.slice(0, -3)}${String(n).padStart(3, '0')}` });
    }
    const page = async (query: string) => {
      const { json, headers } = await open.send('GET', `/api/v1/orders${query}`);
      return [(json as unknown as unknown[]).length, headers.get('x-next-page-token')];
    };
    expect(await page('')).to.deep.equal([100, '100']);
    expect(await page('?page_size=500')).to.deep.equal([500, '500']);
    expect(await page('?page_token=100')).to.deep.equal([100, '200']);
    expect(await page('?page_size=500&page_token=500')).to.deep.equal([101, null]);
    const { status, json } = await open.send('GET', '/api/v1/orders?page_size=501');
    expect([status, json['code']]).to.deep.equal([400, 'invalid_page_size']);
  });

  it('shows an order to its owner only', async () => {
    const id = await buy('a');
    const { status, json } = await open.send('GET', `/api/v1/orders/${id.toUpperCase()}`);
    expect(status).to.equal(200);
    expect(json).to.deep.include({
      user_id: 1,
      status: 'CONFIRMED',
      total_amount: 1299.99,
      items: [{ product_id: 1, product_name: 'Laptop', quantity: 1, price: 1299.99 }],
    });
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/cancel'],
    ] as const) {
      // prettier-ignore
      expect((await open.send(method, `/api/v1/orders/${id}${path}`, { as: 2 })).status).to.equal(404);
    }
  });

  it('cancels by its owner', async () => {
    const id = await buy('a');
    const { status, json } = await open.send('POST', `/api/v1/orders/${id}/cancel`);
    expect([status, json['status']]).to.deep.equal([200, 'CANCELLED']);
  });

  it('moves along by an admin, and refuses what its life does not have', async () => {
    const id = await buy('a');
    const move = (status: string) =>
      open.send('PATCH', `/api/v1/orders/${id}/status`, { as: 'admin', json: { status } });
    expect((await move('DELIVERED')).status).to.equal(409);
    for (const status of ['PROCESSING', 'SHIPPED', 'DELIVERED']) {
      const moved = await move(status);
      expect([moved.status, moved.json['status']]).to.deep.equal([200, status]);
    }
    const late = await open.send('POST', `/api/v1/orders/${id}/cancel`);
    expect([late.status, late.json['code']]).to.deep.equal([409, 'conflict']);
  });
});
