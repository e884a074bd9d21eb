import { expect } from 'chai';
import { FakeClock } from '@trolley/runtime/testing';
import { ExpectedOrders } from '../../../actors/order/expected-orders.ts';
import { noteOrders } from './note-orders.ts';

const checkoutId = '0f8fad5b-d9cb-469f-a165-70867728950e';
const userId = 7;

describe('noteOrders', () => {
  let orders: ExpectedOrders;
  let isWrittenHere: boolean;
  let note: ReturnType<typeof noteOrders>;
  beforeEach(() => {
    orders = new ExpectedOrders(new FakeClock());
    isWrittenHere = true;
    note = noteOrders(orders, (id) => id === checkoutId && isWrittenHere);
  });

  const of = (type: string) => ({ type, key: checkoutId, id: `${type}~${checkoutId}`, shard: 0 });
  const session = (status: string) => ({ session: { context: { userId, checkoutId, status } } });
  const isAwaited = () => orders.of(userId) !== undefined;

  it('waits for the order of a checkout from its completion until it is written', () => {
    note({ actor: of('checkout'), before: { session: null }, after: session('INITIATED') });
    expect(isAwaited()).to.equal(false);
    note({ actor: of('checkout'), before: session('INITIATED'), after: session('COMPLETED') });
    expect(isAwaited()).to.equal(true);
    note({ actor: of('cart'), before: {}, after: {} });
    note({ actor: of('order'), before: { order: null }, after: { order: { userId, checkoutId } } });
    expect(isAwaited()).to.equal(false);
  });

  it('waits for none of a checkout that has failed, or that had completed before', () => {
    note({ actor: of('checkout'), before: session('INITIATED'), after: session('FAILED') });
    note({ actor: of('checkout'), before: session('COMPLETED'), after: session('COMPLETED') });
    expect(isAwaited()).to.equal(false);
  });

  it('waits for none that another node writes', () => {
    isWrittenHere = false;
    note({ actor: of('checkout'), before: session('INITIATED'), after: session('COMPLETED') });
    expect(isAwaited()).to.equal(false);
  });
});
