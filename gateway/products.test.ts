import { expect } from 'chai';
import { codeOf, silentLogger } from '@trolley/runtime';
import { ShopError } from './error-table.ts';
import { ManualClock } from '../actors/services/testing/manual-clock.ts';
import type { Call } from './call.ts';
import { createProducts, type Products } from './products.ts';
import { seeds } from './testing/memory-shop.ts';
import { createMemoryCatalog, createMemoryInventory } from './testing/memory-catalog.ts';

const call: Call = {
  requestId: 'r',
  traceparent: undefined,
  signal: new AbortController().signal,
  timeoutMs: 1000,
};
const [buyer, other] = [1, 2];

describe('createProducts', () => {
  let clock: ManualClock;
  let available: number;
  let asked: string[];
  let down: boolean;
  let products: Products;
  beforeEach(() => {
    clock = new ManualClock();
    available = 7;
    asked = [];
    down = false;
    const answered = async <T>(what: string, answer: T): Promise<T> => {
      asked.push(what);
      if (down) throw new ShopError('unavailable', 'down');
      return answer;
    };
    products = createProducts({
      clock,
      logger: silentLogger,
      readTimeoutMs: 1000,
      catalog: {
        ...createMemoryCatalog(),
        list: async ({ query = '' } = {}) => answered(`list ${query}`.trim(), { products: seeds }),
        get: async (id) => answered(`get ${id}`, await createMemoryCatalog().get(id)),
      },
      inventory: {
        ...createMemoryInventory(),
        getStock: async (ids) =>
          answered('stock', ids.map((productId) => ({ productId, available, reserved: 0 }))), // prettier-ignore
      },
    });
  });

  const stockOfList = async (userId = other) => (await products.list({}, call, userId)).products[0]?.stock;
  const stockOfOne = async (userId = other) => (await products.get(1, call, userId)).stock;

  for (const [what, stock] of Object.entries({ 'a list': stockOfList, 'a product': stockOfOne })) {
    it(`shows the stock of ${what} a second old at most, and asks once meanwhile`, async () => {
      expect(await stock()).to.equal(7);
      available = 6;
      clock.advance(249);
      for (const user of [buyer, other]) expect(await stock(user)).to.equal(7);
      expect(asked).to.have.length(2);
      clock.advance(752);
      expect(await stock()).to.equal(6);
      expect(asked).to.have.length(4);
    });

    it(`shows who has bought the stock of ${what} as it is after that`, async () => {
      expect(await stock()).to.equal(7);
      available = 6;
      clock.advance(1);
      products.stockMoved(buyer);
      expect(await stock(other)).to.equal(7);
      expect(await stock(buyer)).to.equal(6);
      expect(await stock(other)).to.equal(6);
    });

    it(`fails as the services do when what is known of ${what} is too old`, async () => {
      await stock();
      down = true;
      clock.advance(1000);
      expect(await stock()).to.equal(7);
      clock.advance(1);
      const code = await stock().then(() => 'answered', codeOf);
      expect(code).to.equal('unavailable');
    });
  }

  it('keeps each list by itself', async () => {
    for (const query of ['a', 'b', 'a', undefined]) await products.list({ query }, call, other);
    await products.list({ pageSize: 2 }, call, other);
    expect(asked.filter((what) => what !== 'stock')).to.deep.equal(['list a', 'list b', 'list', 'list']);
  });

  it('does not remember that there is no such product', async () => {
    for (const _ of [1, 2])
      expect(await products.get(99, call, other).then(() => 'found', codeOf)).to.equal('not_found');
    expect(asked).to.deep.equal([]);
  });
});
