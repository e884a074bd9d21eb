import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import type { ActorRefs } from '../define/ref.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import type { TestNode } from '../testing/test-node.ts';

const State = z.object({ seen: z.array(z.string()) });
const Entry = z.object({ text: z.string() });
const Log = defineContract({
  type: 'log',
  key: z.string(),
  messages: {
    Append: { input: Entry, output: State },
    Note: { input: Entry },
    Read: { input: z.object({}), output: State, readOnly: true },
    Refuse: { input: z.object({}), output: State },
    Break: { input: z.object({}), output: State },
    Later: { input: z.object({}), output: State },
    Never: { input: z.object({}), output: State },
  },
});
const laterMs = 5_000;
const log = defineActor(Log, {
  state: State,
  initial: () => ({ seen: [] }),
  receive: {
    Append(turn, { text }) {
      turn.set({ seen: [...turn.state.seen, text] });
      return turn.state;
    },
    Note: (turn, { text }) => turn.set({ seen: [...turn.state.seen, text] }),
    Read: ({ state }) => Promise.resolve(state),
    Refuse() {
      throw new ActorError('conflict', 'not now');
    },
    Break() {
      throw new Error('broken');
    },
    Later(turn) {
      turn.remind('Note', { text: 'later' }, { delayMs: laterMs });
      return turn.state;
    },
    Never(turn) {
      turn.cancelReminder('Note');
      return turn.state;
    },
  },
});

/** From where something is asked without the trip through the mailbox. */
const ways: Record<string, (cluster: TestCluster, node: TestNode) => ActorRefs> = {
  'within the process of a node': (_, node) => node.refs,
  'in a process that is linked to that of a node'(cluster, node) {
    const client = cluster.openClient();
    client.linkTo(node);
    return client.refs;
  },
};

for (const [from, open] of Object.entries(ways)) {
  describe(`what is asked ${from}`, () => {
    let cluster: TestCluster;
    let refs: ActorRefs;
    let store: MemoryStateStore;
    /** Names of the calls to the mailbox. */
    let calls: string[];
    beforeEach(async () => {
      store = new MemoryStateStore();
      calls = [];
      cluster = createTestCluster({ actors: [{ actor: log, store }], nodes: 1 });
      const [node] = cluster.nodes;
      if (node === undefined) throw new Error('no node runs');
      refs = open(cluster, node);
      // Until the node has its shards.
      await cluster.ref(Log, 'first').ask('Read', {});
      cluster.network.fate = ({ port, operation, leg }) => {
        if (port === 'mailbox' && leg === 'request' && operation !== 'ready') calls.push(operation);
        return undefined;
      };
    });
    afterEach(() => cluster.close());

    const near = (key = 'a') => refs.ref(Log, key);

    it('does not travel: the mailbox is looked into before it is handled, and once more before what was written is answered', async () => {
      expect(await near().ask('Append', { text: 'one' })).to.deep.equal({ seen: ['one'] });
      expect(calls).to.deep.equal(['isEmpty', 'isEmpty']);
      expect(await near().ask('Read', {})).to.deep.equal({ seen: ['one'] });
      expect(
        codeOf(
          await near()
            .ask('Refuse', {})
            .catch((error: unknown) => error),
        ),
      ).to.equal('conflict');
      expect(calls).to.deep.equal(['isEmpty', 'isEmpty', 'isEmpty', 'isEmpty']);
    });

    it('names the time of what comes later once, and takes it back when that time has come', async () => {
      const ready = async () => {
        const all = await Promise.all(Array.from({ length: 8 }, (_, shard) => cluster.mailbox.ready(shard)));
        return all.flat().map(({ id }) => id);
      };
      await near().ask('Later', {});
      await cluster.advance(500);
      for (const message of ['Never', 'Later', 'Never'] as const) await near().ask(message, {});
      const named = ['isEmpty', 'ack', ...Array<string>(6).fill('isEmpty')];
      expect(calls).to.deep.equal(named);
      await cluster.advance(laterMs);
      expect(calls).to.deep.equal([...named, 'claim']);
      expect(await ready()).to.deep.equal([]);
      expect(await near().ask('Read', {})).to.deep.equal({ seen: [] });
      await near().ask('Later', {});
      await cluster.advance(laterMs + 1_000);
      expect(await near().ask('Read', {})).to.deep.equal({ seen: ['later'] });
      expect(await ready()).to.deep.equal([]);
    });

    it('shares a turn with what is asked meanwhile, in order', async () => {
      const asked = ['one', 'two', 'three'].map((text) => near().ask('Append', { text }));
      expect((await Promise.all(asked)).at(-1)).to.deep.equal({ seen: ['one', 'two', 'three'] });
      expect(calls).to.not.include('send');
    });

    it('comes behind what was told before, and before what is told after', async () => {
      const all = [
        near().tell('Note', { text: 'one' }),
        near().ask('Append', { text: 'two' }),
        near().tell('Note', { text: 'three' }),
        near().ask('Append', { text: 'four' }),
      ];
      await Promise.all(all);
      expect(await near().ask('Read', {})).to.deep.equal({ seen: ['one', 'two', 'three', 'four'] });
      expect(calls).to.include('send');
    });

    it('gets an answer of its own: what the asker does with it does not change the actor', async () => {
      const answer = await near().ask('Append', { text: 'one' });
      answer.seen.push('two');
      const input = { text: 'three' };
      const asked = near().ask('Append', input);
      input.text = 'four';
      expect(await asked).to.deep.equal({ seen: ['one', 'three'] });
    });

    it('may be as large as what goes through a mailbox', async () => {
      const large = near().ask('Append', { text: 'x'.repeat(1_048_576) });
      expect(codeOf(await large.catch((error: unknown) => error))).to.equal('payload_too_large');
      expect(await near().ask('Read', {})).to.deep.equal({ seen: [] });
    });

    it('is remembered until it has ended, and after that only where it may be asked again', async () => {
      const append = (text: string, options = {}) => near().ask('Append', { text }, options);
      await append('named', { messageId: 'm' });
      await append('keyed', { idempotencyKey: 'k' });
      for (const text of ['one', 'two', 'three']) await append(text);
      const ids = (await store.load('a'))?.record.applied.map(({ id }) => id[0]);
      // The last one was written with the turn that it was of.
      expect(ids).to.deep.equal(['m', 'k', 'r']);
      await append('named', { messageId: 'm' });
      await append('keyed', { idempotencyKey: 'k' });
      const { seen } = await near().ask('Read', {});
      expect(seen).to.deep.equal(['named', 'keyed', 'one', 'two', 'three']);
    });

    it('is tried again by way of the mailbox when its handler breaks, and is a dead letter in the end', async () => {
      const broken = near()
        .ask('Break', {})
        .catch((error: unknown) => error);
      const behind = near().ask('Append', { text: 'behind' });
      expect(codeOf(await broken)).to.equal('internal');
      expect(await behind).to.deep.equal({ seen: ['behind'] });
      const { items } = await cluster.deadLetters.list({ type: 'log', key: 'a' });
      expect(items.map(({ message }) => message)).to.deep.equal(['Break']);
    });

    it('is counted once when it is not known whether its turn was written', async () => {
      store.faults.afterWrite = () => {
        delete store.faults.afterWrite;
        throw new Error('connection lost');
      };
      expect(await near().ask('Append', { text: 'one' })).to.deep.equal({ seen: ['one'] });
      expect(await near().ask('Read', {})).to.deep.equal({ seen: ['one'] });
    });

    it('keeps its order while the shards of its node go to another', async () => {
      const other = cluster.startNode();
      const keys = ['a', 'b', 'c', 'd'];
      const numbers = Array.from({ length: 20 }, (_, i) => String(i));
      const asked: Promise<unknown>[] = [];
      for (const text of numbers) {
        asked.push(...keys.flatMap((key) => near(key).ask('Append', { text })));
        await cluster.advance(50);
      }
      await Promise.all(asked);
      expect(other.shards).to.be.greaterThan(0);
      for (const key of keys) expect(await near(key).ask('Read', {}), key).to.deep.equal({ seen: numbers });
    });
  });
}
