import { expect } from 'chai';
import { codeOf } from '@trolley/runtime';
import { createTestCluster, MemoryStateStore } from '@trolley/runtime/testing';
import { createCartActor } from './cart.actor.ts';
import { CartContract } from './cart.contract.ts';

const request = { route: 'POST /api/v1/orders/:order_id/cancel', params: { order_id: 'o' }, body: {} };

describe('the requests of a cart’s user', () => {
  const views = { get: async () => undefined, put: async () => {} };
  const limits = { maxCheckouts: 1, maxUnits: 5000 };

  it('have a key each, which stays theirs when their node has died', async () => {
    const cluster = createTestCluster({
      actors: [{ actor: createCartActor({ views, limits }), store: new MemoryStateStore() }],
    });
    const cart = cluster.refs.ref(CartContract, '7');
    const refusal = async (asked: Promise<unknown>) => asked.then(() => undefined, codeOf);
    const line = { productId: 1, quantity: 1 };
    await cart.recordRequest(request, { idempotencyKey: 'k' });
    await cart.addItem(line, { idempotencyKey: 'l' });
    cluster.crash();

    expect(await refusal(cart.recordRequest(request, { idempotencyKey: 'k' }))).to.equal(undefined);
    const other = { ...request, params: { order_id: 'p' } };
    for (const reused of [
      cart.recordRequest(other, { idempotencyKey: 'k' }),
      cart.addItem(line, { idempotencyKey: 'k' }),
      cart.recordRequest(request, { idempotencyKey: 'l' }),
    ]) {
      expect(await refusal(reused)).to.equal('idempotency_key_reused');
    }
    expect(await cart.getCart({})).to.deep.include({ version: 1 });
    await cluster.close();
  });

  it('may be for one version of the cart, which is looked at in their turn', async () => {
    const cluster = createTestCluster({
      actors: [{ actor: createCartActor({ views, limits }), store: new MemoryStateStore() }],
    });
    const cart = cluster.refs.ref(CartContract, '7');
    const both = [1, 2].map((productId) => cart.addItem({ productId, quantity: 1, ifVersion: [0] }));
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
    expect(outcomes.map((one) => (one.status === 'rejected' ? codeOf(one.reason) : 'ok'))).to.deep.equal(['ok', 'precondition_failed']); // prettier-ignore
    const retried = { productId: 1, quantity: 1, ifVersion: [1] };
    const first = await cart.addItem(retried, { idempotencyKey: 'k' });
    expect(await cart.addItem(retried, { idempotencyKey: 'k' }), 'applied once').to.deep.equal(first);
    await cluster.close();
  });
});
