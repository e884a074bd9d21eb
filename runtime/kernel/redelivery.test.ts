import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf, ActorError } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Balance = z.object({ cents: z.int() });
const Purse = defineContract({
  type: 'purse',
  key: z.string(),
  messages: {
    Put: { input: Balance, output: Balance },
    Take: { input: Balance, output: Balance },
    /** Breaks on the first node. */
    TakeIfSound: { input: Balance, output: Balance },
  },
});

const purseOn = (node: string) =>
  defineActor(Purse, {
    state: Balance,
    initial: () => ({ cents: 0 }),
    receive: {
      Put(turn, { cents }) {
        turn.set({ cents: turn.state.cents + cents });
        return turn.state;
      },
      Take(turn, { cents }) {
        if (cents > turn.state.cents) throw new ActorError('conflict', 'there is not so much in it');
        turn.set({ cents: turn.state.cents - cents });
        return turn.state;
      },
      TakeIfSound(turn, { cents }) {
        if (node === 'node-1') throw new Error('this node is broken');
        turn.set({ cents: turn.state.cents - cents });
        return turn.state;
      },
    },
  });

describe('a message that changed nothing and is delivered again', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  const purse = () => cluster.refs.ref(Purse, 'a');

  beforeEach(async () => {
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: ({ node }) => [{ actor: purseOn(node), store }] });
    await purse().ask('Put', { cents: 1 });
  });
  afterEach(() => cluster.close());

  /** The node dies when the state is written and its messages are not ended yet. */
  function crashBeforeFinish(): void {
    cluster.network.fate = ({ port, operation, leg }) => {
      if (port !== 'mailbox' || operation !== 'ack' || leg !== 'request' || store.writes < 3) return;
      cluster.network.fate = undefined;
      // What it answered has left.
      void cluster.runUntilIdle().then(() => cluster.crash());
      return 'lose';
    };
  }

  it('stays refused, although a later message of the same turn would now let it through', async () => {
    // The first travels alone; the others wait for it and share the next turn.
    const first = purse().ask('Put', { cents: 1 });
    const refused = purse()
      .ask('Take', { cents: 5 }, { messageId: 'take' })
      .then(() => 'taken', codeOf);
    const later = purse().ask('Put', { cents: 10 });
    crashBeforeFinish();
    expect((await first).cents).to.equal(2);
    expect(await refused).to.equal('conflict');
    expect((await later).cents).to.equal(12);
    await cluster.advance(10_000);
    expect(cluster.mailbox.residents()).to.deep.equal([]);
    expect((await store.load('a'))?.record.state).to.deep.equal({ cents: 12 });
  });

  it('may be tried again by its caller when it has been refused', async () => {
    const first = purse().ask('Put', { cents: 1 });
    const options = { idempotencyKey: 'take' };
    const refused = purse()
      .ask('Take', { cents: 5 }, options)
      .then(() => 'taken', codeOf);
    const later = purse().ask('Put', { cents: 10 });
    await Promise.all([first, later]);
    expect(await refused).to.equal('conflict');
    expect((await purse().ask('Take', { cents: 5 }, options)).cents).to.equal(7);
    expect((await purse().ask('Take', { cents: 5 }, options)).cents).to.equal(7);
  });

  it('is a dead letter and nothing else when its caller has heard that it failed', async () => {
    const first = purse().ask('Put', { cents: 1 });
    const failed = purse()
      .ask('TakeIfSound', { cents: 1 })
      .then(() => 'taken', codeOf);
    const later = purse().ask('Put', { cents: 10 });
    crashBeforeFinish();
    await first;
    const outcome = await failed;
    await later;
    await cluster.advance(10_000);
    const letters = (await cluster.deadLetters.list()).items.length;
    const cents = { taken: 11, internal: 12 }[outcome];
    expect((await store.load('a'))?.record.state, outcome).to.deep.equal({ cents });
    expect(letters).to.equal(outcome === 'internal' ? 1 : 0);
  });
});
