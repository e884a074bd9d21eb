import { expect } from 'chai';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { refusalOf, type Shopper } from './shop-client.ts';

describe('what one user may hold', function () {
  this.timeout(60_000);
  let shop: RunningShop;
  before(async () => {
    // Payments that outlast all that is asked here.
    shop = await startShop({
      ...{ MAX_OPEN_CHECKOUTS: '2', MAX_RESERVED_UNITS: '5' },
      ...{ PAYMENT_DELAY_MS: '6000', REQUEST_TIMEOUT_MS: '1500' },
    });
  });
  after(() => shop.stop());
  afterEach('the invariants hold', async () => {
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
  });

  const start = async (user: Shopper, key: string) => {
    const { status, body } = await user.checkout(key);
    expect([status, body.status], key).to.deep.equal([202, 'PAYMENT_PENDING']);
    return body.checkout_id;
  };
  const open = async (user: Shopper) => (await user.shop.checkouts.list()).checkouts.length;
  const held = (before: number) => before - shop.stores.available(2);

  it('is MAX_OPEN_CHECKOUTS checkouts: one more is refused and leaves nothing behind, until one has ended', async () => {
    const user = await shop.client.user(1);
    const before = shop.stores.available(2);
    const ids: string[] = [];
    for (const key of ['first', 'second']) {
      await user.add(2, 1);
      ids.push(await start(user, key));
    }
    await user.add(2, 1);
    // By REST as often as one likes; the first to be refused is not the last.
    for (let n = 0; n < 3; n++) expect(await refusalOf(user.buy('third'))).to.equal('409 too_many_checkouts');
    expect([await open(user), held(before)]).to.deep.equal([2, 2]);
    const other = await shop.client.user(2);
    await other.add(2, 1);
    await start(other, 'first');
    await user.shop.checkouts.follow(ids[0] ?? '');
    await start(user, 'third');
  });

  it('is MAX_RESERVED_UNITS units, over all checkouts', async () => {
    const user = await shop.client.user(3);
    const before = shop.stores.available(2);
    await user.add(2, 6);
    expect(await refusalOf(user.buy('six at once'))).to.equal('409 too_many_units');
    expect([await open(user), held(before)]).to.deep.equal([0, 0]);
    await user.shop.cart.setQuantity({ product_id: 2, quantity: 3 });
    await start(user, 'three');
    await user.add(2, 3);
    expect(await refusalOf(user.buy('three more'))).to.equal('409 too_many_units');
    expect([await open(user), held(before)]).to.deep.equal([1, 3]);
    await user.shop.cart.setQuantity({ product_id: 2, quantity: 5 });
    await start(user, 'two more');
    expect(held(before)).to.equal(5);
  });
});
