import { expect } from 'chai';
import type { ActorRefs } from '@trolley/runtime';
import type { OrdersToCome } from '../actors/order/order.queries.ts';
import { createOrders } from './orders.ts';

const refs: ActorRefs = {
  ref: () => {
    throw new Error('no actor is asked');
  },
};

describe('a list of orders', () => {
  /** Page tokens that were asked for. */
  let asked: (string | undefined)[];
  /** The order that user 1 waits for is there, or late. */
  let come: () => void;
  let toCome: OrdersToCome;
  beforeEach(() => {
    asked = [];
    const coming = new Promise<void>((resolve) => (come = resolve));
    toCome = { of: (userId) => (userId === 1 ? coming : undefined) };
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

  it('is read once the order of a checkout that has just completed is there', async () => {
    const listed = ordersOf(toCome).list(1, {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).to.deep.equal([]);
    come();
    await listed;
    expect(asked).to.deep.equal([undefined]);
  });

  it('is read at once by others, from its second page on, and where orders are written elsewhere', async () => {
    await ordersOf(toCome).list(2, {});
    await ordersOf(toCome).list(1, { pageToken: 'next' });
    await ordersOf(undefined).list(1, {});
    expect(asked).to.deep.equal([undefined, 'next', undefined]);
  });
});
