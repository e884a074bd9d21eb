import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Seen = z.object({ seen: z.array(z.string()) });
const Lamp = defineContract({
  type: 'lamp',
  key: z.string(),
  messages: {
    Light: { input: z.object({}) },
    Get: { input: z.object({}), output: Seen },
    RingLater: { input: z.object({}) },
    Ring: { input: z.object({}) },
    Flash: { input: z.object({}) },
  },
});
const retried = 'the outcome of an effect could not be taken up and is tried again';
const parkedOnce = 'an actor cannot go on; it is parked until it is released';

describe('an outcome that its handler cannot take up', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  let messages: string[];
  let world: { mended: boolean; tried: number; lit: string[] };

  const add = (state: { readonly seen: readonly string[] }, what: string) => ({
    seen: [...state.seen, what],
  });
  const lamp = () => {
    const handle = () => {
      world.tried++;
      if (!world.mended) throw new Error('the bulb is broken');
    };
    return defineActor(Lamp, {
      state: Seen,
      initial: () => ({ seen: [] as string[] }),
      effects: {
        Light(_: object, { effectId }) {
          world.lit.push(effectId);
          return Promise.resolve();
        },
      },
      receive: {
        Light: (turn) => turn.perform('Light', {}),
        Get: (turn) => turn.state,
        RingLater: (turn) => turn.remind('Ring', {}, { delayMs: 1_000 }),
        Ring(turn) {
          handle();
          turn.set(add(turn.state, 'ring'));
        },
        Flash: (turn) => turn.set(add(turn.state, 'flash')),
      },
      onResult: {
        Light(turn) {
          handle();
          turn.set(add(turn.state, 'light'));
        },
      },
    });
  };
  beforeEach(() => {
    store = new MemoryStateStore();
    world = { mended: false, tried: 0, lit: [] };
    const recorded = recordMessages('info');
    messages = recorded.messages;
    cluster = createTestCluster({ actors: [{ actor: lamp(), store }], logger: recorded.logger });
  });
  afterEach(() => cluster.close());

  const ref = () => cluster.refs.ref(Lamp, 'a');
  const stored = async () => (await store.load('a'))?.record;
  const parked = async () => (await cluster.parked.list()).items;
  const get = () => ref().ask('Get', {}, { timeoutMs: 60_000 });

  it('is tried three times; then its actor parks with the effect pending, and rests', async () => {
    await ref().tell('Light', {});
    await cluster.advance(300_000);
    expect(world.tried).to.equal(3);
    expect(world.lit).to.have.length(1);
    expect(await parked()).to.have.length(1);
    const [entry] = await parked();
    expect(entry).to.include({ type: 'lamp', key: 'a', attempts: 3, reason: 'Light: the bulb is broken' });
    expect((await stored())?.effects).to.have.length(1);
    expect(messages).to.deep.equal([retried, retried, parkedOnce, 'waking what was left unfinished']);
    expect(await get().catch(codeOf)).to.equal('unavailable');
  });

  it('is taken up when its actor is mended and released, also after the death of its node', async () => {
    await ref().tell('Light', {});
    await cluster.advance(10_000);
    await ref().tell('Flash', {});
    cluster.crash();
    await cluster.advance(60_000);
    expect(world.tried).to.equal(3);
    world.mended = true;
    expect(await cluster.parked.release(Lamp, 'a', 'retry')).to.equal(true);
    await cluster.advance(1_000);
    expect(await stored()).to.deep.include({ state: { seen: ['flash', 'light'] }, effects: [] });
    const [first, ...again] = world.lit;
    expect(again).to.deep.equal([first]);
  });

  it('parks again when it is released unmended, and is not lost when it is given up', async () => {
    await ref().tell('Light', {});
    await cluster.advance(10_000);
    expect(await cluster.parked.release(Lamp, 'a', 'give-up')).to.equal(true);
    await cluster.advance(10_000);
    expect(world.tried).to.equal(6);
    expect(await parked()).to.have.length(1);
    expect((await stored())?.effects).to.have.length(1);
    expect((await cluster.deadLetters.list()).items).to.deep.equal([]);
  });

  it('may be that of a reminder', async () => {
    await ref().tell('RingLater', {});
    await cluster.advance(60_000);
    expect(world.tried).to.equal(3);
    expect((await parked())[0]).to.include({ attempts: 3, reason: 'Ring: the bulb is broken' });
    world.mended = true;
    await cluster.parked.release(Lamp, 'a', 'retry');
    await cluster.advance(1_000);
    expect(await stored()).to.deep.include({ state: { seen: ['ring'] }, effects: [] });
  });

  it('parks nobody because a store is away', async () => {
    world.mended = true;
    await ref().tell('Light', {});
    await cluster.runUntilIdle();
    await ref().tell('RingLater', {});
    await cluster.runUntilIdle();
    store.faults.beforeWrite = () => {
      throw new Error('no database');
    };
    await cluster.advance(120_000);
    expect(world.tried).to.be.greaterThan(3);
    expect(await parked()).to.deep.equal([]);
    delete store.faults.beforeWrite;
    await cluster.advance(10_000);
    expect((await stored())?.state).to.deep.equal({ seen: ['light', 'ring'] });
  });

  it('parks its actor when the store refuses what comes of it, and blames no other', async () => {
    world.mended = true;
    await ref().tell('RingLater', {});
    await cluster.runUntilIdle();
    store.faults.beforeWrite = ({ record }) => {
      if ((record.state as z.infer<typeof Seen>).seen.includes('ring'))
        throw new ActorError('internal', 'too large');
    };
    await cluster.advance(990);
    await ref().tell('Flash', {});
    await cluster.advance(60_000);
    expect(await stored()).to.deep.include({ state: { seen: ['flash'] } });
    expect((await stored())?.effects).to.have.length(1);
    expect(await parked()).to.have.length(1);
    expect((await parked())[0]?.reason).to.match(/^Ring: the store refused the state: too large/);
  });

  it('waits for a newer node when this one does not know the effect', async () => {
    const effect = { id: 'New', run: 'run', name: 'New', input: {}, notBefore: 0 };
    const record = { state: { seen: [] }, applied: [], effects: [effect], waiting: [] };
    await store.write({ key: 'a', expectedVersion: 0, record, events: [], now: 0 });
    await cluster.advance(300_000);
    expect(await parked()).to.deep.equal([]);
    expect(messages.filter((said) => said === retried)).to.have.length(1);
    expect(await get()).to.deep.equal({ seen: [] });
    expect((await stored())?.effects).to.deep.equal([effect]);
  });
});
