import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Line = z.object({ sku: z.string(), tags: z.array(z.string()) });
const State = z.object({ lines: z.array(Line) });
type State = z.infer<typeof State>;

const How = z.enum(['add', 'assign', 'delete', 'after set', 'clear', 'whole']);
const Basket = defineContract({
  type: 'basket',
  key: z.string(),
  messages: {
    Put: { input: Line, output: State },
    Get: { input: z.object({}), output: State },
    /** Changes in place what it must not. */
    Spoil: { input: z.object({ how: How }), output: State },
    /** Changes what its schema passes on as it came, and fails the first time. */
    Keep: { input: z.object({ line: z.unknown() }), output: State },
    Ship: { input: z.object({}), output: State },
  },
});

/** What the compiler would not let pass; a stranger's JavaScript may do it. */
const unlocked = (state: unknown) => state as State;

const spoilers: Record<z.infer<typeof How>, (state: State) => void> = {
  add: (state) => state.lines.push({ sku: 'b', tags: [] }),
  assign: (state) => (state.lines[0]!.sku = 'b'),
  delete: (state) => delete (state as Partial<State>).lines,
  'after set': (state) => state.lines[0]!.tags.push('late'),
  clear: (state) => state.lines.push({ sku: 'b', tags: [] }),
  whole: (state) => (state.lines = []),
};

describe('what an actor keeps', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  let tries: unknown[];

  const basket = defineActor(Basket, {
    state: State,
    initial: () => ({ lines: [] }),
    effects: { Ship: async ({ to }: { to: string[] }) => Promise.resolve(to.push('nobody')) },
    receive: {
      Put(turn, line) {
        turn.set({ lines: [...turn.state.lines, line] });
        return turn.state;
      },
      Get: (turn) => turn.state,
      Spoil(turn, { how }) {
        if (how === 'clear') turn.clear();
        if (how === 'after set') {
          const next = { lines: turn.state.lines.map((line) => ({ ...line, tags: [...line.tags] })) };
          turn.set(next);
          spoilers[how](next);
        }
        spoilers[how](unlocked(turn.state));
        turn.set(turn.state);
        return turn.state;
      },
      Keep(turn, { line }) {
        tries.push(structuredClone(line));
        (line as { sku: string }).sku = 'changed';
        return turn.state;
      },
      Ship(turn) {
        turn.perform('Ship', { to: ['ann'] });
        return turn.state;
      },
    },
    onResult: {
      Ship(turn, outcome, { to }) {
        const tags = [outcome.ok ? 'shipped' : outcome.error.code, ...to];
        turn.set({ lines: [{ sku: 'a', tags }] });
      },
    },
  });

  beforeEach(() => {
    tries = [];
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: [{ actor: basket, store }], shards: 1 });
  });
  afterEach(() => cluster.close());

  const ref = () => cluster.refs.ref(Basket, 'a');
  const outcome = (asked: Promise<unknown>) => asked.then(() => 'answered', codeOf);
  const kept = { lines: [{ sku: 'a', tags: ['new'] }] };

  for (const how of How.options) {
    it(`is not changed in place (${how}), nor is anything else of that message`, async () => {
      await ref().ask('Put', { sku: 'a', tags: ['new'] });
      const { writes } = store;
      expect(await outcome(ref().ask('Spoil', { how }))).to.equal('internal');
      const [letter] = (await cluster.deadLetters.list()).items;
      expect(letter?.reason).to.match(
        /^Spoil changed in place what its actor keeps, which is frozen: turn.set takes a changed copy/,
      );
      expect(store.writes).to.equal(writes);
      expect(await ref().ask('Get', {}), 'in memory').to.deep.equal(kept);
      cluster.crash();
      expect(await ref().ask('Get', {}), 'stored').to.deep.equal(kept);
      expect(await outcome(ref().ask('Spoil', { how })), 'loaded').to.equal('internal');
      expect(await ref().ask('Get', {})).to.deep.equal(kept);
    });
  }

  it('is not changed before anything is stored either', async () => {
    expect(await outcome(ref().ask('Spoil', { how: 'add' }))).to.equal('internal');
    expect(await ref().ask('Get', {})).to.deep.equal({ lines: [] });
  });

  it('leaves to the messages of the same turn what they made', async () => {
    const asked = [
      ref().ask('Put', { sku: 'a', tags: ['new'] }),
      ref().ask('Spoil', { how: 'assign' }),
      ref().ask('Put', { sku: 'b', tags: [] }),
    ];
    expect(await Promise.all(asked.map(outcome))).to.deep.equal(['answered', 'internal', 'answered']);
    expect(await ref().ask('Get', {})).to.deep.equal({ lines: [...kept.lines, { sku: 'b', tags: [] }] });
  });

  it('is given to a message as it came', async () => {
    expect(await outcome(ref().ask('Keep', { line: { sku: 'a' } }))).to.equal('internal');
    expect(tries).to.deep.equal([{ sku: 'a' }]);
  });

  it('is what an effect was wanted with, whatever the effect does to it', async () => {
    await ref().ask('Ship', {});
    await cluster.runUntilIdle();
    expect(await ref().ask('Get', {})).to.deep.equal({ lines: [{ sku: 'a', tags: ['internal', 'ann'] }] });
  });
});
