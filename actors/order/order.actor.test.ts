import { expect } from 'chai';
import { ActorError } from '@trolley/runtime';
import { createTestCluster, MemoryStateStore } from '@trolley/runtime/testing';
import { encodeCheckoutCompleted } from '../checkout/checkout-completed.ts';
import { reservationIdFor } from '../services/inventory/reservation-id.ts';
import { ActorDriver, Crash, type Point } from '../testing/actor-driver.ts';
import { explore, type Choices } from '../testing/explore.ts';
import { createOrderActor } from './order.actor.ts';
import { OrderContract, orderIdFor, type OrderView } from './order.contract.ts';

const checkoutId = '00000000-0000-4000-8000-000000000001';
const completed = encodeCheckoutCompleted({
  checkoutId,
  userId: 7,
  lines: [{ productId: 1, productName: 'Laptop', quantity: 2, unitPriceCents: 129_999 }],
  totalCents: 259_998,
  currency: 'USD',
  completedAt: Date.parse('2026-01-01T00:00:00Z'),
  shippingAddress: { city: 'Bern' },
});

interface World {
  readonly order: ActorDriver;
  /** Each effect that happened, in order. */
  readonly calls: string[];
}

function createWorld(choices?: Choices, at?: (point: Point, about: string) => undefined): World {
  const time = { now: Date.parse('2026-01-01T00:00:05Z') };
  const calls: string[] = [];
  const done = new Set<string>();
  const call = async (name: string) => {
    const way = choices?.pick<string>(name, ['ok', 'lost', 'answer lost', 'refused', 'not found']) ?? 'ok';
    if (way === 'lost') throw new ActorError('unavailable', 'no connection');
    if (way === 'refused') throw new ActorError('conflict', 'not now');
    if (way === 'not found') throw new ActorError('not_found', 'nothing here');
    if (!done.has(name)) calls.push(name);
    done.add(name);
    if (way === 'answer lost') throw new ActorError('deadline_exceeded', 'no answer');
  };
  const actor = createOrderActor({
    payments: { refund: (id) => call(`refund ${id}`) },
    inventory: { restock: (id) => call(`restock ${id}`) },
  });
  return {
    order: new ActorDriver({ actor, key: checkoutId, time, ...(at === undefined ? {} : { at }) }),
    calls,
  };
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'none',
    (error: unknown) => (error as ActorError).code,
  );
}

const givenBack = [`refund ${checkoutId}`, `restock ${reservationIdFor(checkoutId)}`];

describe('order actor', () => {
  it('creates one order of a completed checkout, however often it is told', async () => {
    const { order } = createWorld();
    const view = (await order.ask('Create', completed)) as OrderView;
    expect(view).to.deep.equal({
      id: orderIdFor(checkoutId),
      checkoutId,
      userId: 7,
      totalCents: 259_998,
      currency: 'USD',
      status: 'CONFIRMED',
      items: [{ productId: 1, productName: 'Laptop', quantity: 2, unitPriceCents: 129_999 }],
      shippingAddress: { city: 'Bern' },
      createdAt: '2026-01-01T00:00:05.000Z',
      updatedAt: '2026-01-01T00:00:05.000Z',
    });
    expect(await order.ask('Create', { ...completed, total_amount: 1 })).to.deep.equal(view);
  });

  it('is created without a read, and meets the order that is stored when it is told again elsewhere', async () => {
    const store = new MemoryStateStore();
    let loads = 0;
    store.faults.beforeLoad = () => {
      loads += 1;
    };
    const none = () => Promise.resolve();
    const actor = createOrderActor({ payments: { refund: none }, inventory: { restock: none } });
    await using cluster = createTestCluster({ actors: [{ actor, store }] });
    // Until the node has its shards.
    await cluster.advance(1_000);
    const order = cluster.ref(OrderContract, checkoutId);
    const view = await order.create(completed);
    expect(loads).to.equal(0);
    cluster.crash();
    expect(await order.create({ ...completed, total_amount: 1 })).to.deep.equal(view);
    expect([loads, store.writes]).to.deep.equal([1, 1]);
  });

  it('refuses an event that makes no order', async () => {
    const { order } = createWorld();
    for (const wrong of [
      { total_amount: 0.001 },
      { total_amount: 1e10 },
      { currency: '\0' },
      { checkout_id: '00000000-0000-4000-8000-000000000002' },
      { shipping_address: { city: '\ud800' } },
      { user_id: '9999999999999999' },
    ]) {
      const refused = await codeOf(order.ask('Create', { ...completed, ...wrong }));
      expect(refused, JSON.stringify(wrong)).to.equal('invalid_request');
    }
  });

  it('moves along its life and no other way', async () => {
    const { order } = createWorld();
    const move = (status: string) => codeOf(order.ask('SetStatus', { status }));
    expect(await move('PROCESSING')).to.equal('not_found');
    await order.ask('Create', completed);
    expect(await move('SHIPPED')).to.equal('conflict');
    expect(await move('CONFIRMED')).to.equal('conflict');
    expect(await move('PROCESSING')).to.equal('none');
    expect(await move('SHIPPED')).to.equal('none');
    expect(await move('CANCELLED')).to.equal('conflict');
    expect(await codeOf(order.ask('Cancel', {}))).to.equal('conflict');
    expect(await move('DELIVERED')).to.equal('none');
    expect(await move('PROCESSING')).to.equal('conflict');
  });

  it('refunds, then restocks, then answers everyone the same', async () => {
    const { order, calls } = createWorld();
    await order.ask('Create', completed);
    const first = order.send('Cancel', {});
    const second = order.send('SetStatus', { status: 'CANCELLED' });
    await order.run();
    expect(calls).to.deep.equal(givenBack);
    expect((order.answer(first) as OrderView).status).to.equal('CANCELLED');
    expect(order.answer(second)).to.deep.equal(order.answer(first));
    expect(await order.ask('Cancel', {})).to.deep.equal(order.answer(first));
    expect(await codeOf(order.ask('SetStatus', { status: 'PROCESSING' }))).to.equal('conflict');
    await order.run();
    expect(calls).to.deep.equal(givenBack);
  });

  it('ends where a party knows of nothing to give back', async () => {
    for (const code of ['not_found', 'conflict'] as const) {
      const calls: string[] = [];
      const actor = createOrderActor({
        payments: {
          refund: async () => {
            calls.push('refund');
            if (code === 'not_found') throw new ActorError(code, 'no payment');
          },
        },
        inventory: {
          restock: async () => {
            calls.push('restock');
            throw new ActorError(code, 'the reservation was never sold');
          },
        },
      });
      const order = new ActorDriver({ actor, key: checkoutId, time: { now: 1 } });
      await order.ask('Create', completed);
      const cancelled = order.send('Cancel', {});
      await order.run();
      expect((order.answer(cancelled) as OrderView).status, code).to.equal('CANCELLED');
      expect(calls, code).to.deep.equal(['refund', 'restock']);
    }
  });

  it('gives everything back once, whatever fails and wherever it crashes', async function () {
    this.timeout(60_000);
    const { runs } = await explore(3, async (choices) => {
      const world = createWorld(choices, (point, about) => {
        if (choices.pick(`${about}, ${point}`, ['go on', 'crash']) === 'crash') throw new Crash(about);
      });
      const { order, calls } = world;
      order.send('Create', completed);
      const cancelled = order.send('Cancel', {});
      await order.run();
      // Whoever lost the answer asks again.
      if (!order.answers.has(cancelled)) order.send('Cancel', {}, cancelled);
      await order.run();
      expect((order.answer(cancelled) as OrderView).status).to.equal('CANCELLED');
      expect(order.effects).to.deep.equal([]);
      // A party that knows of nothing has nothing to give back.
      expect(givenBack).to.include.members(calls);
      expect(new Set(calls).size).to.equal(calls.length);
    });
    expect(runs).to.be.greaterThan(500);
  });
});
