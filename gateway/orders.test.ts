import { expect } from 'chai';
import type { ActorRefs } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { OrdersToCome } from '../actors/order/orders-to-come.ts';
import { createOrders } from './orders.ts';

const refs: ActorRefs = {
  ref: () => {
    throw new Error('no actor is asked');
  },
};

describe('a list of orders', () => {
  let clock: FakeClock;
  let toCome: OrdersToCome;
  /** Page tokens that were asked for. */
  let asked: (string | undefined)[];
  beforeEach(() => {
    clock = new FakeClock();
    toCome = new OrdersToCome(clock);
    asked = [];
  });

  const ordersOf = (awaited: OrdersToCome | undefined) =>
    createOrders({
      refs,
      queries: {
        list: async (_, { pageToken }) => {
          asked.push(pageToken);
          return { orders: [] };
        },
        get: () => Promise.resolve(undefined),
      },
      toCome: awaited,
      stockMoved: () => undefined,
    });

  it('is read once the order of a checkout that has just completed is written', async () => {
    toCome.expect(1, 'a');
    const listed = ordersOf(toCome).list(1, {});
    await clock.advance(10);
    expect(asked).to.deep.equal([]);
    toCome.written(1, 'a');
    await listed;
    expect(asked).to.deep.equal([undefined]);
  });

  it('is read all the same when that order is late', async () => {
    toCome.expect(1, 'a');
    const listed = ordersOf(toCome).list(1, {});
    await clock.advance(100);
    await listed;
    expect(asked).to.deep.equal([undefined]);
  });

  it('is read at once by others, from its second page on, and where orders are written elsewhere', async () => {
    toCome.expect(1, 'a');
    await ordersOf(toCome).list(2, {});
    await ordersOf(toCome).list(1, { pageToken: 'next' });
    await ordersOf(undefined).list(1, {});
    expect(asked).to.deep.equal([undefined, 'next', undefined]);
  });
});
