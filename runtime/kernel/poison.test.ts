import { expect } from 'chai';
import { z } from 'zod';
import { defineActor, type Turn } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Seen = z.object({ seen: z.array(z.int()) });
const Queue = defineContract({
  type: 'queue',
  key: z.string(),
  messages: {
    Append: { input: z.object({ n: z.int() }), output: Seen },
    /** Breaks until it is mended. */
    Break: { input: z.object({ n: z.int() }), output: Seen },
    /** Takes its node down. */
    Kill: { input: z.object({ n: z.int() }), output: Seen },
  },
});

interface World {
  mended: boolean;
  /** Takes down the node that calls it. */
  kill: (node: string) => void;
}

const queueActor = (world: World, node: string, onPoison: 'dead-letter' | 'park') => {
  const append = (turn: Pick<Turn<z.infer<typeof Seen>>, 'state' | 'set'>, n: number) => {
    turn.set({ seen: [...turn.state.seen, n] });
    return turn.state;
  };
  return defineActor(Queue, {
    state: Seen,
    initial: () => ({ seen: [] as number[] }),
    onPoison,
    receive: {
      Append: (turn, { n }) => append(turn, n),
      Break(turn, { n }) {
        if (!world.mended) throw new Error('broken');
        return append(turn, n);
      },
      Kill(turn, { n }) {
        if (!world.mended) world.kill(node);
        return append(turn, n);
      },
    },
  });
};

describe('a message that fails for good', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  let world: World;
  let killed: string[];

  function open(onPoison: 'dead-letter' | 'park'): void {
    store = new MemoryStateStore();
    killed = [];
    world = {
      mended: false,
      kill(node) {
        killed.push(node);
        cluster.nodes.find(({ name }) => name === node)?.crash();
        cluster.startNode();
      },
    };
    const actors = ({ node }: { node: string }) => [{ actor: queueActor(world, node, onPoison), store }];
    cluster = createTestCluster({ actors, shards: 1, nodes: 2 });
  }
  afterEach(() => cluster.close());

  const queue = (key = 'a') => cluster.refs.ref(Queue, key);
  const append = (n: number) => queue().ask('Append', { n }, { timeoutMs: 120_000 });
  const outcome = (asked: Promise<unknown>) => asked.then(() => 'answered', codeOf);

  describe('of an actor that parks', () => {
    beforeEach(() => open('park'));

    it('stops its actor: what was told behind it waits, what is asked is refused', async () => {
      await append(1);
      expect(await outcome(queue().ask('Break', { n: 2 }))).to.equal('unavailable');
      await queue().tell('Append', { n: 3 });
      expect(await outcome(append(4))).to.equal('unavailable');
      await cluster.advance(60_000);
      expect((await store.load('a'))?.record.state).to.deep.equal({ seen: [1] });
      const [parked] = (await cluster.parked.list()).items;
      expect(parked).to.deep.include({
        type: 'queue',
        key: 'a',
        message: 'Break',
        reason: 'broken',
        attempts: 3,
      });
      expect(await cluster.settled(queue('b').ask('Append', { n: 1 }))).to.deep.equal({ seen: [1] });
    });

    it('goes on in order once it is mended and released, also on another node', async () => {
      await outcome(queue().ask('Break', { n: 1 }));
      await queue().tell('Append', { n: 2 });
      cluster.crash();
      await cluster.advance(10_000);
      world.mended = true;
      expect(await cluster.parked.release(Queue, 'a', 'retry')).to.equal(true);
      expect(await append(3)).to.deep.equal({ seen: [1, 2, 3] });
      // The answer comes first, the end of its message behind it.
      await cluster.runUntilIdle();
      expect(cluster.mailbox.residents()).to.deep.equal([]);
    });

    it('is parked again when it is released unmended', async () => {
      await outcome(queue().ask('Break', { n: 1 }));
      await cluster.parked.release(Queue, 'a', 'retry');
      await cluster.advance(10_000);
      expect((await cluster.parked.list()).items).to.have.length(1);
    });

    it('goes on behind it when it is given up, and keeps a dead letter', async () => {
      await outcome(queue().ask('Break', { n: 1 }));
      await queue().tell('Append', { n: 2 });
      await cluster.parked.release(Queue, 'a', 'give-up');
      expect(await append(3)).to.deep.equal({ seen: [2, 3] });
      expect((await cluster.deadLetters.list()).items).to.have.length(1);
    });
  });

  describe('because it takes its nodes down', () => {
    for (const onPoison of ['dead-letter', 'park'] as const) {
      it(`is found after a few of them, with the policy ${onPoison}`, async () => {
        open(onPoison);
        await append(1);
        const asked = outcome(queue().ask('Kill', { n: 2 }, { timeoutMs: 600_000 }));
        await queue().tell('Append', { n: 3 });
        expect(await cluster.settled(asked)).to.equal(onPoison === 'park' ? 'unavailable' : 'internal');
        expect(killed).to.have.length(5);
        await cluster.advance(60_000);
        expect(killed).to.have.length(5);
        if (onPoison === 'park') {
          const [parked] = (await cluster.parked.list()).items;
          expect(parked?.reason).to.match(/did not return on 3 nodes/);
          world.mended = true;
          await cluster.parked.release(Queue, 'a', 'retry');
          expect(await append(4)).to.deep.equal({ seen: [1, 2, 3, 4] });
        } else {
          const [letter] = (await cluster.deadLetters.list()).items;
          expect(letter?.attempts).to.equal(3);
          expect(letter?.reason).to.match(/did not return on 3 nodes/);
          expect(await append(4)).to.deep.equal({ seen: [1, 3, 4] });
        }
      });
    }

    it('quarantines none of those that only share its turn, however often', async () => {
      open('dead-letter');
      for (const n of [1, 2, 3]) await queue().tell('Append', { n });
      await queue().tell('Kill', { n: 4 });
      for (const n of [5, 6, 7]) await queue().tell('Append', { n });
      await cluster.advance(120_000);
      expect((await store.load('a'))?.record.state).to.deep.equal({ seen: [1, 2, 3, 5, 6, 7] });
      expect((await cluster.deadLetters.list()).items).to.have.length(1);
    });

    it('quarantines nothing because a store is away, however many nodes come and go meanwhile', async () => {
      open('dead-letter');
      store.faults.beforeWrite = () => {
        throw new Error('no database');
      };
      for (const n of [1, 2, 3]) await queue().tell('Append', { n });
      for (let i = 0; i < 8; i++) {
        await cluster.advance(10_000);
        cluster.crash();
      }
      delete store.faults.beforeWrite;
      await cluster.advance(20_000);
      expect((await store.load('a'))?.record.state).to.deep.equal({ seen: [1, 2, 3] });
      expect((await cluster.deadLetters.list()).items).to.deep.equal([]);
    });
  });
});
