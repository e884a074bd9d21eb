import { expect } from 'chai';
import { ShopError } from '../error-table.ts';
import { seeds } from '../testing/memory-shop.ts';
import { memoryCatalog, openTestGateway } from '../testing/test-gateway.ts';

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
    const list: typeof memoryCatalog.list = async (query, context) => {
      asked.push([query, context?.requestId, context?.userId]);
      return { products: seeds, nextPageToken: 'more' };
    };
    const open = await openTestGateway({ catalog: { ...memoryCatalog, list } });
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
    const open = await openTestGateway({ inventory: { getStock } });
    try {
      const { status, json } = await open.send('GET', '/api/v1/products/1');
      expect(status).to.equal(200);
      expect(json).not.to.have.property('stock');
    } finally {
      await open.close();
    }
  });
});
