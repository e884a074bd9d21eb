import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster } from '../testing/test-cluster.ts';

const Name = z.object({ name: z.string() });
const Named = defineContract({
  type: 'named',
  key: z.string(),
  messages: { Get: { input: z.object({}), output: Name }, Rename: { input: Name } },
});
const named = defineActor(Named, {
  state: Name,
  initial: () => ({ name: 'new' }),
  receive: { Get: (turn) => turn.state, Rename: (turn, next) => turn.set(next) },
});

describe('a stored state that does not parse', () => {
  it('refuses those who ask and parks its actor; mended and released, it goes on with what was told', async () => {
    const store = new MemoryStateStore();
    const write = (state: unknown, expectedVersion: number) =>
      store.write({
        ...{ key: 'a', expectedVersion, events: [], now: 0 },
        record: { state, applied: [], effects: [], waiting: [] },
      });
    await write({ name: 7 }, 0);
    const cluster = createTestCluster({ actors: [{ actor: named, store }] });
    const ref = cluster.refs.ref(Named, 'a');
    const outcome = (asked: Promise<unknown>) => asked.then(() => 'answered', codeOf);
    await ref.tell('Rename', { name: 'ann' });
    const asked = [1, 2].map(() => outcome(ref.ask('Get', {}, { timeoutMs: 60_000 })));
    expect(await Promise.all(asked)).to.deep.equal(['unavailable', 'unavailable']);
    // The answers come first, the parking behind them.
    await cluster.runUntilIdle();
    const [parked] = (await cluster.parked.list()).items;
    expect(parked?.reason).to.match(/the stored state is not what its schema says.*[^]*at name/);
    await cluster.advance(60_000);
    expect(store.writes).to.equal(1);
    const version = (await store.load('a'))?.version ?? 0;
    await write({ name: 'mended' }, version);
    expect(await cluster.parked.release(Named, 'a', 'retry')).to.equal(true);
    await cluster.runUntilIdle();
    expect(await ref.ask('Get', {})).to.deep.equal({ name: 'ann' });
    await cluster.close();
  });
});
