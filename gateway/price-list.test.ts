import { expect } from 'chai';
import { codeOf } from '@trolley/runtime';
import { ShopError } from './error-table.ts';
import { ManualClock } from '../actors/services/testing/manual-clock.ts';
import type { Call } from './call.ts';
import { createPriceList, type PriceList } from './price-list.ts';
import { seeds } from './testing/memory-shop.ts';

const call: Call = {
  requestId: 'r',
  traceparent: undefined,
  signal: new AbortController().signal,
  timeoutMs: 1000,
};

describe('createPriceList', () => {
  let clock: ManualClock;
  let asked: (readonly number[])[];
  let sold: Map<number, (typeof seeds)[number]>;
  let down: boolean;
  let prices: PriceList;
  beforeEach(() => {
    clock = new ManualClock();
    asked = [];
    sold = new Map(seeds.map((product) => [product.id, product]));
    down = false;
    prices = createPriceList({
      clock,
      freshMs: 1000,
      capacity: 2,
      catalog: {
        async getMany(ids) {
          asked.push(ids);
          await Promise.resolve();
          if (down) throw new ShopError('unavailable', 'down');
          return [...sold.values()].filter(({ id }) => ids.includes(id));
        },
      },
    });
  });

  it('asks once while a price is fresh, and again when it is not', async () => {
    await prices.pricesOf([1, 2], call);
    await prices.pricesOf([2, 1], call);
    expect(asked).to.deep.equal([[1, 2]]);
    sold.set(1, { ...seeds[0]!, priceCents: 5 });
    clock.advance(1001);
    expect((await prices.pricesOf([1], call)).get(1)?.priceCents).to.equal(5);
  });

  it('knows whether prices that it gave are still current', async () => {
    const given = await prices.pricesOf([1, 2], call);
    const again = await prices.pricesOf([1], call);
    expect([given, again].map((each) => prices.areCurrent(each))).to.deep.equal([true, true]);
    clock.advance(1001);
    expect(prices.areCurrent(given)).to.equal(false);
    sold.set(1, { ...seeds[0]!, priceCents: 5 });
    await prices.pricesOf([1, 2], call);
    expect(prices.areCurrent(given)).to.equal(false);
    expect(prices.areCurrent(await prices.pricesOf([9], call))).to.equal(false);
  });

  it('asks once for all who ask at once', async () => {
    await Promise.all([prices.isSold(1, call), prices.pricesOf([1, 2], call), prices.isSold(2, call)]);
    expect(asked).to.deep.equal([[1], [2]]);
  });

  it('knows at once of a product that was created', async () => {
    expect(await prices.isSold(9, call)).to.equal(false);
    sold.set(9, { ...seeds[0]!, id: 9 });
    expect(await prices.isSold(9, call)).to.equal(true);
  });

  it('keeps name and price of a product that is sold no more, but sells none', async () => {
    await prices.pricesOf([1], call);
    sold.delete(1);
    clock.advance(1001);
    expect(await prices.isSold(1, call)).to.equal(false);
    expect((await prices.pricesOf([1], call)).get(1)?.name).to.equal('Laptop');
  });

  it('has no name for a product that it never saw', async () => {
    const unknown = (await prices.pricesOf([9], call)).get(9);
    expect(unknown).to.deep.equal({ name: 'unavailable product', priceCents: 0 });
  });

  it('lives on what it knows while the product service is down, and no longer', async () => {
    await prices.pricesOf([1], call);
    down = true;
    clock.advance(60_000);
    expect(await prices.isSold(1, call)).to.equal(true);
    expect((await prices.pricesOf([1], call)).get(1)?.priceCents).to.equal(129_999);
    const error: unknown = await prices.pricesOf([1, 2], call).catch((reason: unknown) => reason);
    expect(codeOf(error)).to.equal('unavailable');
  });

  it('forgets what was used longest ago', async () => {
    for (const id of [1, 2, 3]) await prices.isSold(id, call);
    asked = [];
    await prices.isSold(3, call);
    await prices.isSold(1, call);
    expect(asked).to.deep.equal([[1]]);
  });
});
