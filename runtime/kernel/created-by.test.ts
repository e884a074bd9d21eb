import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const State = z.object({ by: z.string().nullable(), notes: z.int() });
const By = z.object({ by: z.string() });
const Parcel = defineContract({
  type: 'parcel',
  key: z.string(),
  messages: {
    /** Created once; whoever comes later gets it as it is. */
    Create: { input: By, output: State },
    /** The same, but its write may wait for what it wants done. */
    CreateSlowly: { input: By, output: State },
    Note: { input: z.object({}), output: State },
    /** Refused before it is created. */
    NoteAfter: { input: z.object({}), output: State },
    /** Breaks before it is created. */
    NoteAnyhow: { input: z.object({}), output: State },
    Look: { input: z.object({}), output: State },
    Clear: { input: z.object({}), output: State },
    Read: { input: z.object({}), output: State, readOnly: true },
  },
});

describe('a message that its actor is created by', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  let logged: string[];
  /** What happened at the store and outside, in order. */
  let happened: string[];

  const parcel = defineActor(Parcel, {
    state: State,
    initial: () => ({ by: null, notes: 0 }),
    createdBy: ['Create', 'CreateSlowly', 'NoteAfter', 'NoteAnyhow', 'Look', 'Clear'],
    effects: { Print: async () => void happened.push('print') },
    receive: {
      Create(turn, { by }) {
        if (turn.state.by !== null) return turn.state;
        turn.set({ ...turn.state, by });
        turn.perform('Print', {});
        return turn.state;
      },
      CreateSlowly(turn, { by }) {
        turn.set({ ...turn.state, by });
        turn.perform('Print', {});
        turn.postponeWrite();
        return turn.defer();
      },
      Note: (turn) => note(turn),
      NoteAfter(turn) {
        if (turn.state.by === null) throw new ActorError('conflict', 'there is nothing to note it on');
        return note(turn);
      },
      NoteAnyhow(turn) {
        if (turn.state.by === null) throw new Error('there is nothing to note it on');
        return note(turn);
      },
      Look: ({ state }) => state,
      Clear(turn) {
        turn.clear();
        return turn.state;
      },
      Read: ({ state }) => Promise.resolve(state),
    },
    onResult: { Print: (turn) => turn.answerWaiting({ CreateSlowly: () => turn.state }) },
  });
  type State = z.infer<typeof State>;
  function note(turn: { readonly state: State; set(next: State): void }): State {
    turn.set({ ...turn.state, notes: turn.state.notes + 1 });
    return turn.state;
  }

  beforeEach(async () => {
    store = new MemoryStateStore();
    happened = [];
    store.faults.beforeLoad = (key) => void happened.push(`load ${key}`);
    store.faults.beforeWrite = ({ expectedVersion }) =>
      void happened.push(expectedVersion === 0 ? 'first write' : 'write');
    const { logger, messages } = recordMessages('info');
    logged = messages;
    cluster = createTestCluster({ actors: [{ actor: parcel, store }], nodes: 1, logger });
    await awake();
  });
  afterEach(() => cluster.close());

  /** Until the node has its shards. */
  async function awake(): Promise<void> {
    await cluster.ref(Parcel, 'other').ask('Read', {});
    happened.length = 0;
  }
  const near = (key = 'a') => {
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('no node runs');
    return node.refs.ref(Parcel, key);
  };
  const far = (key = 'a') => cluster.ref(Parcel, key);
  const stored = async () => (await store.load('a'))?.record.state;
  const created = { by: 'one', notes: 0 };
  /** It is created, and another node comes upon it. */
  async function createElsewhere(options = {}): Promise<void> {
    await far().ask('Create', { by: 'one' }, options);
    await elsewhere();
  }
  async function elsewhere(): Promise<void> {
    await cluster.advance(100);
    cluster.crash();
    await awake();
  }

  for (const [where, ref] of [
    ['within the process', near],
    ['from another process', far],
  ] as const) {
    describe(where, () => {
      it('is handled without a read where nothing is stored, and so is what follows', async () => {
        expect(await ref().ask('Create', { by: 'one' })).to.deep.equal(created);
        expect(await ref().ask('Note', {})).to.deep.equal({ by: 'one', notes: 1 });
        expect(await ref().ask('Read', {})).to.deep.equal({ by: 'one', notes: 1 });
        expect(happened).to.not.include('load a');
        expect(happened[0]).to.equal('first write');
      });

      it('gets the stored answer when it comes again under its id', async () => {
        await createElsewhere({ messageId: 'create' });
        await ref().ask('Note', {});
        await elsewhere();
        expect(await ref().ask('Create', { by: 'one' }, { messageId: 'create' })).to.deep.equal(created);
        expect(await stored()).to.deep.equal({ by: 'one', notes: 1 });
      });

      it('meets what is stored when it comes under another id, at once and without a warning', async () => {
        await createElsewhere();
        const before = cluster.clock.monotonic();
        expect(await ref().ask('Create', { by: 'two' })).to.deep.equal(created);
        expect(cluster.clock.monotonic()).to.equal(before);
        expect(happened).to.deep.equal(['first write', 'load a']);
        expect(await stored()).to.deep.equal(created);
        expect(logged.filter((line) => line.includes('tried again'))).to.deep.equal([]);
      });

      it('is not answered from what was never read: neither refused, nor told what is there', async () => {
        await createElsewhere();
        expect(await ref().ask('NoteAfter', {})).to.deep.equal({ by: 'one', notes: 1 });
        expect(happened).to.deep.equal(['load a', 'write']);
        await createElsewhere();
        expect(await ref().ask('Look', {})).to.deep.equal({ by: 'one', notes: 1 });
        expect(happened).to.deep.equal(['load a']);
      });

      it('is refused once it was read that nothing is stored', async () => {
        expect(
          await ref()
            .ask('NoteAfter', {})
            .then(() => 'noted', codeOf),
        ).to.equal('conflict');
        expect(happened).to.deep.equal(['load a']);
      });

      it('has not failed where its handler broke before anything was read', async () => {
        await createElsewhere();
        expect(await ref().ask('NoteAnyhow', {})).to.deep.equal({ by: 'one', notes: 1 });
        expect(happened).to.deep.equal(['load a', 'write']);
        expect((await cluster.deadLetters.list()).items).to.deep.equal([]);
      });

      it('clears what is stored, although it was not read', async () => {
        await createElsewhere();
        expect(await ref().ask('Clear', {})).to.deep.equal({ by: null, notes: 0 });
        expect(await stored()).to.deep.equal({ by: null, notes: 0 });
      });

      it('is written before what it wants done, also where its write might wait', async () => {
        await ref().ask('CreateSlowly', { by: 'one' });
        expect(happened).to.deep.equal(['first write', 'print', 'write']);
      });

      it('is applied once where it is unknown whether it was written', async () => {
        store.faults.afterWrite = () => {
          delete store.faults.afterWrite;
          throw new Error('connection lost');
        };
        expect(await ref().ask('Create', { by: 'one' })).to.deep.equal(created);
        await cluster.advance(100);
        expect(happened).to.include('load a');
        expect(store.writes, 'it, and the outcome of what it wanted').to.equal(2);
      });

      it('waits for a store that cannot be read, where something is stored', async () => {
        await createElsewhere();
        store.faults.beforeLoad = () => {
          store.faults.beforeLoad = (key) => void happened.push(`load ${key}`);
          throw new Error('no database');
        };
        expect(await ref().ask('Create', { by: 'two' })).to.deep.equal(created);
        expect(happened).to.deep.equal(['first write', 'load a']);
      });
    });
  }

  it('shares its turn with what waits behind it', async () => {
    const asked = [
      near().ask('Create', { by: 'one' }),
      near().ask('Note', {}),
      near().ask('Read', {}),
      near().ask('NoteAfter', {}),
    ];
    const notes = (await Promise.all(asked)).map((state) => state.notes);
    expect(notes).to.deep.equal([0, 1, 1, 2]);
    expect(happened).to.not.include('load a');
  });

  it('is loaded for where it is not the first that is asked', async () => {
    await Promise.all([near().ask('Note', {}), near().ask('Create', { by: 'one' })]);
    expect(happened[0]).to.equal('load a');
  });

  it('is applied once where its node dies before it has ended', async () => {
    cluster.network.fate = ({ port, operation, leg }) => {
      if (port !== 'mailbox' || operation !== 'ack' || leg !== 'request') return undefined;
      cluster.network.fate = undefined;
      void cluster.runUntilIdle().then(() => cluster.crash());
      return 'lose';
    };
    await far().tell('Create', { by: 'one' });
    await cluster.advance(10_000);
    expect(happened[0]).to.equal('first write');
    expect(await stored()).to.deep.equal(created);
    expect(cluster.mailbox.residents()).to.deep.equal([]);
    expect((await store.load('a'))?.record.applied).to.have.length(1);
  });

  it('is not lost where its node dies before it was written', async () => {
    store.faults.beforeWrite = () => {
      store.faults.beforeWrite = () => undefined;
      cluster.crash();
      throw new Error('connection lost');
    };
    await far().tell('Create', { by: 'one' });
    await cluster.advance(10_000);
    expect(await stored()).to.deep.equal(created);
  });

  it('has to be one that may change something', () => {
    const definition = { ...parcel.definition };
    for (const name of ['Read', 'Shake']) {
      const define = () => defineActor(Parcel, { ...definition, createdBy: [name as 'Create'] });
      expect(define, name).to.throw(TypeError, 'createdBy');
    }
  });
});
