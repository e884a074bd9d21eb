import { expect } from 'chai';
import { FakeClock } from '@trolley/runtime/testing';
import { ExpectedOrders } from './expected-orders.ts';

describe('ExpectedOrders', () => {
  let clock: FakeClock;
  let orders: ExpectedOrders;
  beforeEach(() => {
    clock = new FakeClock();
    orders = new ExpectedOrders(clock);
  });

  /** Whether it is over by now. */
  async function isOver(waiting: Promise<void> | undefined): Promise<boolean> {
    let over = false;
    void waiting?.then(() => (over = true));
    await clock.advance(0);
    return over;
  }

  it('has nobody wait for whom no order is to come', () => {
    orders.expect(1, 'a');
    expect(orders.of(2)).to.equal(undefined);
  });

  it('has all wait until the order is written, and nobody after that', async () => {
    orders.expect(1, 'a');
    const waiting = [orders.of(1), orders.of(1)];
    await clock.advance(99);
    orders.written(1, 'of another checkout');
    orders.written(2, 'a');
    for (const one of waiting) expect(await isOver(one)).to.equal(false);
    orders.written(1, 'a');
    for (const one of waiting) expect(await isOver(one)).to.equal(true);
    expect(orders.of(1)).to.equal(undefined);
  });

  it('does not wait for one that is late, and counts from its checkout on', async () => {
    orders.expect(1, 'a');
    await clock.advance(60);
    const waiting = orders.of(1);
    await clock.advance(39);
    expect(await isOver(waiting)).to.equal(false);
    await clock.advance(1);
    expect(await isOver(waiting)).to.equal(true);
    expect(orders.of(1)).to.equal(undefined);
    orders.written(1, 'a');
  });

  it('waits for the order of the last checkout', async () => {
    orders.expect(1, 'a');
    orders.expect(1, 'b');
    const waiting = orders.of(1);
    orders.written(1, 'a');
    expect(await isOver(waiting)).to.equal(false);
    orders.written(1, 'b');
    expect(await isOver(waiting)).to.equal(true);
  });

  it('forgets who has waited longest rather than grow', () => {
    for (let user = 1; user <= 10_001; user++) orders.expect(user, 'a');
    expect(orders.of(1)).to.equal(undefined);
    expect(orders.of(2)).to.be.instanceOf(Promise);
  });
});
