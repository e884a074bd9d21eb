import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { CorruptRecordError } from '../storage/state-store.ts';
import { createTestCluster } from '../testing/test-cluster.ts';

describe('versions of a state', () => {
  const Named = defineContract({
    type: 'named',
    key: z.string(),
    messages: { Get: { input: z.object({}), output: z.object({ name: z.string() }) } },
  });
  const named = (version: number) =>
    defineActor(Named, {
      version,
      state: z.object({ name: z.string() }),
      initial: () => ({ name: 'new' }),
      migrate: (stored, from) => ({ name: `${(stored as { title: string }).title} of version ${from}` }),
      receive: { Get: (turn) => turn.state },
    });
  const storedWith = async (schema: number | undefined) => {
    const store = new MemoryStateStore();
    const record = { state: { title: 'old' }, applied: [], effects: [], waiting: [] };
    const versioned = schema === undefined ? record : { ...record, schema };
    await store.write({ key: 'a', expectedVersion: 0, record: versioned, events: [], now: 0 });
    return store;
  };

  it('migrates a state that an older version stored', async () => {
    const cluster = createTestCluster({ actors: [{ actor: named(2), store: await storedWith(undefined) }] });
    expect(await cluster.refs.ref(Named, 'a').ask('Get', {})).to.deep.equal({ name: 'old of version 1' });
    await cluster.close();
  });

  for (const [how, isDecoded] of Object.entries({ decodes: true, 'does not decode': false })) {
    it(`leaves a state alone that a newer version stored and its store ${how}; its messages wait for a newer node`, async () => {
      const store = await storedWith(3);
      store.faults.beforeLoad = () => {
        if (!isDecoded) throw new CorruptRecordError('a: no such status', { schema: 3 });
      };
      const cluster = createTestCluster({ actors: [{ actor: named(2), store }] });
      const asked = cluster.refs.ref(Named, 'a').ask('Get', {}, { timeoutMs: 100 });
      expect(await asked.then(() => 'answered', codeOf)).to.equal('deadline_exceeded');
      expect(store.writes).to.equal(1);
      expect(cluster.mailbox.residents()).to.deep.equal(['named~a']);
      expect((await cluster.parked.list()).items).to.deep.equal([]);
      await cluster.close();
    });
  }
});
