import { expect } from 'chai';
import type { Cart } from '../../../gateway/client/index.ts';
import { startShop, type RunningShop } from './running-shop.ts';

const quantities = ({ items }: Cart) =>
  Object.fromEntries(items.map(({ product_id, quantity }) => [product_id, quantity]));

describe('a cart', () => {
  let shop: RunningShop;
  before(async () => {
    shop = await startShop({ LOG_LEVEL: 'trace' });
  });
  after(() => shop.stop());

  it('holds 40 after 40 adds of one unit at once', async () => {
    const user = await shop.client.user(1);
    const answers = await Promise.all(Array.from({ length: 40 }, () => user.add(2, 1)));
    const seen = answers.map(({ items }) => items[0]?.quantity ?? 0);
    expect(Math.max(...seen), 'the last answer').to.equal(40);
    expect(quantities(await user.shop.cart.get())).to.deep.equal({ 2: 40 });
  });

  it('holds five lines after five products were added at once by a new user', async () => {
    const user = await shop.client.user(2);
    await Promise.all([1, 2, 3, 4, 5].map((product) => user.add(product, product)));
    const cart = await user.shop.cart.get();
    expect(quantities(cart)).to.deep.equal({ 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 });
    expect(cart.total_items).to.equal(5);
    expect(cart.total_price).to.equal(4479.85);
  });

  it('applies a retried change once and answers it alike', async () => {
    const user = await shop.client.user(3);
    const add = () =>
      user.send<Cart>('POST', '/cart/items', {
        json: { product_id: 1, quantity: 3 },
        headers: { 'idempotency-key': 'once' },
      });
    const [first, second] = [await add(), await add()];
    expect(second.text).to.equal(first.text);
    const together = await Promise.all([add(), add(), add()]);
    for (const { body } of together) expect(body).to.deep.equal(first.body);
    expect(quantities(await user.shop.cart.get())).to.deep.equal({ 1: 3 });
  });

  it('is changed, emptied line by line, and as a whole', async () => {
    const user = await shop.client.user(4);
    expect(await user.shop.cart.get()).to.deep.include({ items: [], total_items: 0, total_price: 0 });
    await user.add(1, 1);
    await user.add(2, 1);
    const { cart } = user.shop;
    expect(quantities(await cart.setQuantity({ product_id: 2, quantity: 7 }))).to.deep.equal({ 1: 1, 2: 7 });
    expect(quantities(await cart.remove(1))).to.deep.equal({ 2: 7 });
    for (let times = 0; times < 2; times++) expect(quantities(await cart.clear())).to.deep.equal({});
  });

  it('is never seen older than the last answer about it', async () => {
    const user = await shop.client.user(5);
    for (let wanted = 1; wanted <= 25; wanted++) {
      await user.add(5, 1);
      const views = await Promise.all(Array.from({ length: 3 }, () => user.shop.cart.get()));
      expect(views.map(quantities)).to.deep.equal(Array(3).fill({ 5: wanted }));
    }
  });

  it('leaves no secret in the log', () => {
    expect(shop.log.length, 'log lines').to.be.greaterThan(0);
    const all = shop.log.join('');
    expect(all).not.to.match(/eyJ[A-Za-z0-9_-]+\.eyJ/, 'a token');
    expect(all).not.to.include('trolley-development-secret');
    expect(all).not.to.match(/postgres:\/\/[^ :"]*:(?!(?:secret|\*\*\*)@)[^ @"]*@/, 'a password');
  });
});
