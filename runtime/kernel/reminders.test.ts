import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf, ActorError } from '../define/errors.ts';
import { addressOf } from '../mailbox/address.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Rung = z.object({ rung: z.array(z.string()) });
const Alarm = defineContract({
  type: 'alarm',
  key: z.string(),
  messages: {
    Set: { input: z.object({ name: z.string(), inMs: z.number().nullable() }), output: z.object({}) },
    SetAt: { input: z.object({ name: z.string(), at: z.number() }), output: z.object({}) },
    Unset: { input: z.object({ name: z.string() }), output: z.object({}) },
    Ring: { input: z.object({ name: z.string().max(20) }) },
    Snooze: { input: z.object({ times: z.int() }) },
    Get: { input: z.object({}), output: Rung },
  },
});

interface Faults {
  /** So many rings break. */
  broken: number;
}

const alarmActor = (faults: Faults) =>
  defineActor(Alarm, {
    state: Rung,
    initial: () => ({ rung: [] as string[] }),
    receive: {
      Set(turn, { name, inMs }) {
        turn.remind('Ring', { name }, { delayMs: inMs ?? NaN, id: name });
        return {};
      },
      SetAt(turn, { name, at }) {
        turn.remind('Ring', { name }, { at, id: name });
        return {};
      },
      Unset(turn, { name }) {
        turn.cancelReminder(name);
        return {};
      },
      Ring(turn, { name }) {
        if (name === 'refused') throw new ActorError('conflict', 'no');
        if (faults.broken-- > 0) throw new Error('broken');
        turn.set({ rung: [...turn.state.rung, name] });
      },
      Snooze(turn, { times }) {
        turn.set({ rung: [...turn.state.rung, `${times} left`] });
        if (times > 0) turn.remind('Snooze', { times: times - 1 }, { delayMs: 60_000 });
      },
      Get: (turn) => turn.state,
    },
  });

const dayMs = 86_400_000;
const laterMs = 2 * 3_600_000;

describe('reminders', () => {
  let store: MemoryStateStore;
  let faults: Faults;
  let cluster: TestCluster;

  beforeEach(() => {
    store = new MemoryStateStore();
    faults = { broken: 0 };
    const limits = { idleMs: 60_000 };
    cluster = createTestCluster({ actors: [{ actor: alarmActor(faults), store }], shards: 1, limits });
  });
  afterEach(() => cluster.close());

  const alarm = () => cluster.refs.ref(Alarm, 'a');
  const rung = async () => (await alarm().ask('Get', {})).rung;
  const set = (name: string, inMs: number | null) => alarm().ask('Set', { name, inMs });

  it('come as messages, each at its time and once', async () => {
    await set('second', 2_000);
    await set('first', 1_000);
    expect(await rung()).to.deep.equal([]);
    await cluster.advance(1_500);
    expect(await rung()).to.deep.equal(['first']);
    await cluster.advance(60_000);
    expect(await rung()).to.deep.equal(['first', 'second']);
  });

  it('come at a time of the clock, and at once when it is past', async () => {
    const now = cluster.clock.now();
    await alarm().ask('SetAt', { name: 'later', at: now + 1_000 });
    await alarm().ask('SetAt', { name: 'past', at: now - 1_000 });
    await cluster.advance(100);
    expect(await rung()).to.deep.equal(['past']);
    await cluster.advance(1_000);
    expect(await rung()).to.deep.equal(['past', 'later']);
  });

  it('are replaced and cancelled by their ids', async () => {
    await set('one', 1_000);
    await set('one', 5_000);
    await set('two', 1_000);
    await alarm().ask('Unset', { name: 'two' });
    await cluster.advance(2_000);
    expect(await rung()).to.deep.equal([]);
    await cluster.advance(4_000);
    expect(await rung()).to.deep.equal(['one']);
  });

  it('keep an actor neither in memory nor in the ready set until they are due', async () => {
    await set('later', laterMs);
    await cluster.advance(120_000);
    expect(cluster.nodes[0]?.activations).to.equal(0);
    expect(await cluster.mailbox.ready(0)).to.deep.equal([]);
    expect(cluster.mailbox.residents()).to.deep.equal([]);
    await cluster.advance(laterMs);
    expect(await rung()).to.deep.equal(['later']);
    await cluster.advance(1_000);
    expect(await cluster.mailbox.ready(0)).to.deep.equal([]);
  });

  it('reach an actor that is busy all the time', async () => {
    await set('later', 4_000_000);
    for (let i = 0; i < 100; i++) {
      await cluster.advance(41_000);
      await alarm().tell('Ring', { name: 'told' });
    }
    expect(await rung()).to.include('later');
  });

  it('go on from one to the next, through the deaths of nodes', async () => {
    await alarm().tell('Snooze', { times: 3 });
    for (let i = 0; i < 4; i++) {
      await cluster.advance(30_000);
      cluster.crash();
      await cluster.advance(40_000);
    }
    expect(await rung()).to.deep.equal(['3 left', '2 left', '1 left', '0 left']);
  });

  it('are late and not lost when the mailboxes have forgotten them', async () => {
    await set('later', laterMs);
    await cluster.close();
    // Another cluster on the same store: nothing of the first one's mailboxes is there.
    cluster = createTestCluster({ actors: [{ actor: alarmActor(faults), store }], clock: cluster.clock });
    await cluster.advance(laterMs + 30_000);
    expect((await store.load('a'))?.record.state).to.deep.equal({ rung: ['later'] });
  });

  it('are over when the actor refuses them, and tried again when it breaks', async () => {
    faults.broken = 2;
    await set('refused', 1_000);
    await set('broken', 1_000);
    await cluster.advance(20_000);
    expect(await rung()).to.deep.equal(['broken']);
    expect((await store.load('a'))?.record.effects).to.deep.equal([]);
  });

  it('are refused with an input that the message does not take, or without a time', async () => {
    const tooLong = set('x'.repeat(21), 1_000);
    expect(await tooLong.then(() => 'set', codeOf)).to.equal('invalid_request');
    const never = set('never', null);
    expect(await never.then(() => 'set', codeOf)).to.equal('internal');
  });

  it('are not the effects of the same name', async () => {
    await set('same', 1_000);
    const { record } = (await store.load('a')) ?? {};
    expect(record?.effects).to.have.length(1);
    expect(record?.effects[0]).to.include({ id: 'same', name: 'Ring', reminder: true });
  });

  it('have messages told with a delay as their lighter kin, which only Redis remembers', async () => {
    await alarm().tell('Ring', { name: 'delayed' }, { delayMs: 5_000 });
    await alarm().tell('Ring', { name: 'now' });
    expect(await rung()).to.deep.equal(['now']);
    expect((await store.load('a'))?.record.effects).to.deep.equal([]);
    cluster.crash();
    await cluster.advance(10_000);
    expect(await rung()).to.deep.equal(['now', 'delayed']);
    expect(await cluster.mailbox.ready(addressOf('alarm', 'a', 1).shard)).to.deep.equal([]);
    for (const delayMs of [-1, NaN, 366 * dayMs]) {
      const refused = alarm().tell('Ring', { name: 'x' }, { delayMs });
      expect(await refused.then(() => 'sent', codeOf)).to.equal('invalid_request');
    }
  });
});
