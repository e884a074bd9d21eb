import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { CorruptRecordError } from '../storage/state-store.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
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
const said = 'an actor cannot go on; it is parked until it is released';

describe('a stored state that does not parse', () => {
  it('parks its actor too where its store makes no record of it; a store that is away parks nobody', async () => {
    const store = new MemoryStateStore();
    const cluster = createTestCluster({ actors: [{ actor: named, store }] });
    const ref = cluster.refs.ref(Named, 'a');
    await ref.tell('Rename', { name: 'ann' });
    await cluster.runUntilIdle();
    // It has left the memory.
    await cluster.advance(120_000);
    let fault: Error | undefined = new Error('nobody is there');
    store.faults.beforeLoad = () => {
      if (fault !== undefined) throw fault;
    };
    const outcome = () => ref.ask('Get', {}, { timeoutMs: 1_000 }).then(() => 'answered', codeOf);
    const asked = outcome();
    await cluster.advance(10_000);
    expect(await asked).to.be.oneOf(['unavailable', 'deadline_exceeded']);
    expect((await cluster.parked.list()).items).to.deep.equal([]);
    fault = new CorruptRecordError('a: what is stored cannot be decoded: half a line');
    const askedAgain = outcome();
    await cluster.advance(10_000);
    expect(await askedAgain).to.equal('unavailable');
    const [parked] = (await cluster.parked.list()).items;
    expect(parked?.reason).to.include('half a line');
    fault = undefined;
    expect(await cluster.parked.release(Named, 'a', 'retry')).to.equal(true);
    await cluster.runUntilIdle();
    expect(await ref.ask('Get', {})).to.deep.equal({ name: 'ann' });
    await cluster.close();
  });

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
    expect(parked).to.include({ type: 'named', key: 'a', attempts: 0 }).and.to.not.have.property('message');
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

  it('parks its actor also when only its own effect wakes it, and says so once', async () => {
    const store = new MemoryStateStore();
    const effect = { id: 'Greet', run: 'run', name: 'Greet', input: {}, notBefore: 0 };
    const write = (state: unknown, expectedVersion: number) => {
      const record = { state, applied: [], effects: [effect], waiting: [] };
      return store.write({ key: 'a', expectedVersion, record, events: [], now: 0 });
    };
    await write({ name: 7 }, 0);
    const greeted: string[] = [];
    const greeter = defineActor(Named, {
      ...named.definition,
      effects: {
        Greet: (_: object, { effectId }) => Promise.resolve(void greeted.push(effectId)),
      },
      onResult: { Greet: (turn) => turn.set({ name: 'greeted' }) },
    });
    const { logger, messages } = recordMessages('info');
    const cluster = createTestCluster({ actors: [{ actor: greeter, store }], logger });
    await cluster.advance(300_000);
    expect((await cluster.parked.list()).items).to.have.length(1);
    expect(messages.filter((said) => said !== 'waking what was left unfinished')).to.deep.equal([said]);
    expect(messages).to.have.length(2);
    expect(greeted).to.deep.equal([]);
    await write({ name: 'mended' }, (await store.load('a'))?.version ?? 0);
    expect(await cluster.parked.release(Named, 'a', 'retry')).to.equal(true);
    await cluster.advance(1_000);
    expect((await store.load('a'))?.record).to.deep.include({ state: { name: 'greeted' }, effects: [] });
    expect(greeted).to.deep.equal(['named~a/run']);
    await cluster.close();
  });
});

describe('a state that cannot be made', () => {
  const broken = () => {
    throw new TypeError('no such field');
  };
  const cases = {
    'because migrate throws': {
      actor: defineActor(Named, { ...named.definition, version: 2, migrate: broken }),
      reason: 'migrate failed: no such field',
      isStored: true,
    },
    'because initial throws': {
      actor: defineActor(Named, { ...named.definition, initial: broken }),
      reason: 'initial failed: no such field',
      isStored: false,
    },
  };
  for (const [why, { actor, reason, isStored }] of Object.entries(cases)) {
    it(`${why} refuses those who ask and parks its actor`, async () => {
      const store = new MemoryStateStore();
      const record = { state: { name: 'old' }, applied: [], effects: [], waiting: [] };
      if (isStored) await store.write({ key: 'a', expectedVersion: 0, record, events: [], now: 0 });
      const { logger, messages } = recordMessages('info');
      const cluster = createTestCluster({ actors: [{ actor, store }], logger });
      const asked = cluster.refs.ref(Named, 'a').ask('Get', {}, { timeoutMs: 60_000 });
      expect(await asked.then(() => 'answered', codeOf)).to.equal('unavailable');
      await cluster.advance(60_000);
      const [parked] = (await cluster.parked.list()).items;
      expect(parked).to.include({ type: 'named', key: 'a', reason, attempts: 0 });
      expect(messages).to.deep.equal([said]);
      await cluster.close();
    });
  }
});
