import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Level = z.object({ level: z.int().min(0) });
const Tank = defineContract({
  type: 'tank',
  key: z.string(),
  messages: {
    Fill: { input: z.object({ by: z.int() }), output: Level },
    /** Answered with the level that the next `Report` has. */
    Watch: { input: z.object({}), output: Level },
    Report: { input: z.object({ level: z.int() }), output: Level },
    DrainLater: { input: z.object({ by: z.int() }), output: Level },
  },
});

const tank = defineActor(Tank, {
  state: Level,
  initial: () => ({ level: 0 }),
  effects: { Drain: async ({ by }: { by: number }) => Promise.resolve(by) },
  receive: {
    Fill(turn, { by }) {
      turn.set({ level: turn.state.level + by });
      return { level: 0 };
    },
    Watch: (turn) => turn.defer(),
    Report(turn, { level }) {
      turn.answerWaiting({ Watch: () => ({ level }) });
      return turn.state;
    },
    DrainLater(turn, { by }) {
      turn.perform('Drain', { by });
      return turn.state;
    },
  },
  onResult: {
    Drain: (turn, outcome) => {
      if (outcome.ok) turn.set({ level: turn.state.level - outcome.value });
    },
  },
});

describe('what a handler makes against its schemas', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  beforeEach(() => {
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: [{ actor: tank, store }], shards: 1 });
  });
  afterEach(() => cluster.close());

  const ref = () => cluster.refs.ref(Tank, 'a');
  const outcome = (asked: Promise<unknown>) => asked.then(() => 'answered', codeOf);
  const stored = async () => (await store.load('a'))?.record;
  const deadLetters = async () => (await cluster.deadLetters.list()).items;

  it('is no state: its message did not happen, and is given up at once with path and reason', async () => {
    await ref().ask('Fill', { by: 3 });
    const { writes } = store;
    expect(await outcome(ref().ask('Fill', { by: -4 }))).to.equal('internal');
    expect(store.writes).to.equal(writes);
    const [letter, ...others] = await deadLetters();
    expect(others).to.deep.equal([]);
    expect(letter).to.include({ attempts: 1 });
    expect(letter?.reason).to.match(/state is not what its schema says.*>=0[^]*at level/);
    await ref().ask('Fill', { by: 1 });
    expect((await stored())?.state).to.deep.equal({ level: 4 });
  });

  it('takes nothing from the messages of the same turn', async () => {
    const all = [1, -5, 2].map((by) => outcome(ref().ask('Fill', { by })));
    expect(await Promise.all(all)).to.deep.equal(['answered', 'internal', 'answered']);
    expect((await stored())?.state).to.deep.equal({ level: 3 });
  });

  it('is no state for what was there before, and never held against the schema', async () => {
    const Half = z.object({ name: z.string().min(1), uses: z.int() });
    const Tool = defineContract({
      type: 'tool',
      key: z.string(),
      messages: { Use: { input: z.object({}), output: z.object({}) } },
    });
    const toolStore = new MemoryStateStore();
    const tool = defineActor(Tool, {
      state: Half,
      initial: () => ({ name: '', uses: 0 }),
      receive: {
        Use(turn) {
          turn.set({ ...turn.state, uses: turn.state.uses + 1 });
          return {};
        },
      },
    });
    const tools = createTestCluster({ actors: [{ actor: tool, store: toolStore }], shards: 1 });
    expect(await outcome(tools.refs.ref(Tool, 'a').ask('Use', {}))).to.equal('internal');
    expect(await outcome(tools.refs.ref(Tool, 'a').ask('Use', {}))).to.equal('internal');
    expect(toolStore.writes).to.equal(0);
    await tools.close();
  });

  it('is no outcome taken up: the effect stays pending, and its actor parks', async () => {
    await ref().ask('Fill', { by: 1 });
    await ref().ask('DrainLater', { by: 2 });
    await cluster.advance(1_000);
    expect(await stored()).to.deep.include({ state: { level: 1 } });
    expect((await stored())?.effects).to.have.length(1);
    const [parked] = (await cluster.parked.list()).items;
    expect(parked).to.include({ attempts: 3 });
    expect(parked?.reason).to.match(
      /^Drain: the handler's state is not what its schema says.*>=0[^]*at level/,
    );
    await ref().tell('Fill', { by: 1 });
    await cluster.parked.release(Tank, 'a', 'retry');
    await cluster.advance(1_000);
    expect(await stored()).to.deep.include({ state: { level: 0 }, effects: [] });
  });

  it('is no deferred answer: who waits goes on waiting for the next one', async () => {
    const watched = ref().ask('Watch', {}, { timeoutMs: 60_000 });
    await cluster.runUntilIdle();
    expect(await outcome(ref().ask('Report', { level: -1 }))).to.equal('internal');
    expect((await stored())?.waiting).to.have.length(1);
    await ref().ask('Report', { level: 7 });
    expect(await watched).to.deep.equal({ level: 7 });
  });
});
