import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { addressOf } from '../mailbox/address.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster } from '../testing/test-cluster.ts';

const Payment = defineContract({
  type: 'payment',
  key: z.string(),
  messages: { Pay: { input: z.object({}) } },
});
const State = z.object({ paid: z.boolean() });

describe('the recovery of what the mailboxes have forgotten', () => {
  const shards = 8;
  const notBefore = 1_000_000;
  let store: MemoryStateStore;
  let charged: string[];

  const paymentActor = (charge: () => Promise<void>) =>
    defineActor(Payment, {
      state: State,
      initial: () => ({ paid: false }),
      effects: {
        Charge(_: object, { effectId }) {
          charged.push(effectId);
          return charge();
        },
      },
      receive: { Pay: (turn) => turn.perform('Charge', {}) },
      onResult: { Charge: (turn) => turn.set({ paid: true }) },
    });
  const actor = paymentActor(() => Promise.resolve());
  /** As it is stored when Redis is lost between the write and the effect. */
  const storeWanting = (key: string) => {
    const effect = { id: 'Charge', run: `run of ${key}`, name: 'Charge', input: {}, notBefore };
    const record = { state: { paid: false }, applied: [], effects: [effect], waiting: [] };
    return store.write({ key, expectedVersion: 0, record, events: [], now: notBefore });
  };
  const paid = async (key: string) => ((await store.load(key))?.record.state as { paid: boolean }).paid;

  beforeEach(() => {
    store = new MemoryStateStore();
    charged = [];
  });

  it('performs each effect once, under the id that it had, whichever node holds the actor', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);
    await Promise.all(keys.map(storeWanting));
    const cluster = createTestCluster({ actors: [{ actor, store }], nodes: 3, shards });
    await cluster.advance(30_000);
    expect(await Promise.all(keys.map(paid))).to.deep.equal(keys.map(() => true));
    expect(charged.sort()).to.deep.equal(keys.map((key) => `payment~${key}/run of ${key}`).sort());
    for (let shard = 0; shard < shards; shard++) {
      expect(await cluster.mailbox.ready(shard)).to.deep.equal([]);
    }
    await cluster.close();
  });

  it('does not run beside an effect that is under way', async () => {
    let finish: () => void = () => undefined;
    const slow = paymentActor(() => new Promise((resolve) => (finish = resolve)));
    const cluster = createTestCluster({ actors: [{ actor: slow, store }], shards });
    await cluster.refs.ref(Payment, 'a').tell('Pay', {});
    await cluster.advance(60_000);
    expect(charged).to.have.length(1);
    finish();
    await cluster.advance(1_000);
    expect(await paid('a')).to.equal(true);
    await cluster.close();
  });

  it('goes on when the store cannot be asked', async () => {
    await storeWanting('a');
    const unfinished = store.unfinished.bind(store);
    let refusals = 2;
    store.unfinished = (...args) =>
      refusals-- > 0 ? Promise.reject(new Error('no database')) : unfinished(...args);
    const cluster = createTestCluster({ actors: [{ actor, store }], shards });
    await cluster.advance(30_000);
    expect(await paid('a')).to.equal(true);
    expect(await cluster.mailbox.ready(addressOf('payment', 'a', shards).shard)).to.deep.equal([]);
    await cluster.close();
  });
});
