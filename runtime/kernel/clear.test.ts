import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf, ActorError } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Nothing = z.object({});
const Door = defineContract({
  type: 'door',
  key: z.string(),
  messages: {
    /** Answered once it is known whether it may open. */
    Open: { input: z.object({ by: z.string() }), output: z.object({ opened: z.boolean() }) },
    Look: { input: Nothing, output: z.object({ by: z.string().nullable() }) },
    Forget: { input: Nothing, output: Nothing },
  },
});

const createDoor = (mayOpen: () => Promise<boolean>) =>
  defineActor(Door, {
    state: z.object({ by: z.string().nullable() }),
    initial: () => ({ by: null }),
    effects: { Ask: (_input: object) => mayOpen() },
    receive: {
      Open(turn, { by }) {
        turn.set({ by });
        turn.perform('Ask', {});
        turn.remind('Forget', {}, { delayMs: 3_600_000 });
        return turn.defer();
      },
      Look: (turn) => turn.state,
      Forget(turn) {
        turn.clear();
        return {};
      },
    },
    onResult: {
      Ask(turn, outcome) {
        if (outcome.ok && outcome.value) return turn.answerWaiting({ Open: () => ({ opened: true }) });
        turn.refuseWaiting(new ActorError('forbidden', 'not you'));
        turn.clear();
      },
    },
  });

describe('an actor that is cleared', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  let answers: boolean[];
  beforeEach(() => {
    store = new MemoryStateStore();
    answers = [];
    cluster = createTestCluster({
      actors: [{ actor: createDoor(async () => answers.shift() ?? false), store }],
    });
  });
  afterEach(() => cluster.close());

  const door = () => cluster.refs.ref(Door, 'a');
  const open = (by = 'ann') =>
    door()
      .ask('Open', { by })
      .then(() => 'opened', codeOf);

  it('leaves nothing in the store, and begins anew', async () => {
    expect(await open()).to.equal('forbidden');
    expect(store.keys()).to.deep.equal([]);
    expect(await door().ask('Look', {})).to.deep.equal({ by: null });
    answers.push(true);
    expect(await open('bob')).to.equal('opened');
    expect(await door().ask('Look', {})).to.deep.equal({ by: 'bob' });
    expect(store.keys()).to.deep.equal(['a']);
  });

  it('begins anew above the versions that it had: who slept meanwhile can write nothing', async () => {
    const known: number[] = [];
    store.faults.afterWrite = async ({ key }) => {
      const stored = await store.load(key);
      if (stored !== undefined) known.push(stored.version);
    };
    for (let time = 1; time <= 3; time++) expect(await open()).to.equal('forbidden');
    answers.push(true);
    await open();
    const now = await store.load('a');
    expect(now?.version).to.equal(Math.max(...known));
    expect(new Set(known).size, 'versions given twice').to.equal(known.length);
    for (const expectedVersion of known.slice(0, -2)) {
      const record = { state: { by: 'a zombie' }, applied: [], effects: [], waiting: [] };
      expect(await store.write({ key: 'a', expectedVersion, record, events: [], now: 0 })).to.equal(false);
    }
  });

  for (const point of ['beforeWrite', 'afterWrite'] as const) {
    it(`is stuck nowhere when its node dies at the removal: ${point}`, async () => {
      let deaths = 0;
      store.faults[point] = ({ removes }) => {
        if (removes !== true || deaths++ > 0) return;
        cluster.crash();
        throw new Error('the node died');
      };
      const asked = open();
      await cluster.settled(asked);
      expect(deaths).to.be.greaterThan(0);
      expect(store.keys()).to.deep.equal([]);
      answers.push(true);
      expect(await open('bob')).to.equal('opened');
    });
  }

  it('still knows the messages that came with a key', async () => {
    answers.push(true);
    await open();
    const forget = () => door().ask('Forget', {}, { idempotencyKey: 'k' });
    await forget();
    expect(await door().ask('Look', {})).to.deep.equal({ by: null });
    answers.push(true);
    await open('bob');
    await forget();
    expect(await door().ask('Look', {}), 'forgotten once').to.deep.equal({ by: 'bob' });
  });
});
