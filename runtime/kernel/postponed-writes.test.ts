import { expect } from 'chai';
import { z } from 'zod';
import { defineActor, type Outcome, type Turn } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { NodeObserver } from './node-observer.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Trip = defineContract({
  type: 'trip',
  key: z.string(),
  messages: {
    Book: { input: z.object({}), output: z.array(z.string()) },
    /** The same, and its own write may wait, too. */
    Hop: { input: z.object({}), output: z.array(z.string()) },
    Look: { input: z.object({}), output: z.array(z.string()) },
  },
});
const State = z.object({ done: z.array(z.string()) });

describe('a postponed write', () => {
  const steps = ['Flight', 'Hotel', 'Car'] as const;
  let store: MemoryStateStore;
  let cluster: TestCluster;
  /** What each write of the actor held. */
  let written: string[][];
  /** Of each write, what was stored before it and what is since. */
  let reported: string[][][];
  /** Name, id and `repeated` of each effect that ended, as its handler was told. */
  let taken: string[];
  let performed: string[];
  let mayGo: boolean;
  /** Told before a step ends; a promise keeps it under way. */
  let during: (step: string) => void | Promise<void>;

  const effect = (name: string) => async (_: object, context: { readonly effectId: string }) => {
    performed.push(`${name} ${context.effectId}`);
    await during(name);
  };
  const effects = { Flight: effect('Flight'), Hotel: effect('Hotel'), Car: effect('Car') };
  type TripTurn = Turn<z.infer<typeof State>, typeof effects, typeof Trip.messages>;
  const stepOver = (name: (typeof steps)[number], next?: (typeof steps)[number]) => {
    return (turn: TripTurn, outcome: Outcome<void>) => {
      taken.push(outcome.repeated === true ? `${name} again` : name);
      if (!mayGo) {
        turn.refuseWaiting(new ActorError('forbidden', 'no seat'));
        return turn.clear();
      }
      const done = [...turn.state.done, name];
      turn.set({ done });
      if (next !== undefined) turn.perform(next, {}, { id: 'step' });
      else turn.answerWaiting({ Book: () => done, Hop: () => done });
      turn.postponeWrite();
    };
  };
  const actor = defineActor(Trip, {
    state: State,
    initial: () => ({ done: [] }),
    effects,
    receive: {
      Book(turn) {
        turn.perform('Flight', {}, { id: 'step' });
        return turn.defer();
      },
      Hop(turn) {
        turn.perform('Flight', {}, { id: 'step' });
        turn.postponeWrite();
        return turn.defer();
      },
      Look: (turn) => [...turn.state.done],
    },
    onResult: {
      Flight: stepOver('Flight', 'Hotel'),
      Hotel: stepOver('Hotel', 'Car'),
      Car: stepOver('Car'),
    },
  });

  beforeEach(() => {
    written = [];
    taken = [];
    performed = [];
    mayGo = true;
    during = () => undefined;
    store = new MemoryStateStore();
    const write = store.write.bind(store);
    store.write = (what) => {
      written.push((what.record.state as z.infer<typeof State>).done);
      return write(what);
    };
    reported = [];
    const observer: NodeObserver = {
      stateWritten: ({ before, after }) =>
        reported.push([before, after].map((state) => State.parse(state).done)),
    };
    cluster = createTestCluster({ actors: [{ actor, store }], shards: 1, observer });
  });
  afterEach(() => cluster.close());

  const trip = (refs: ActorRefs = cluster.refs) => refs.ref(Trip, 'a');
  const all = [...steps];

  it('rides with the last one, before anybody is answered', async () => {
    expect(await trip().ask('Book', {})).to.deep.equal(all);
    expect(written).to.deep.equal([[], all]);
    expect((await store.load('a'))?.record.state).to.deep.equal({ done: all });
    expect(reported).to.deep.equal([
      [[], []],
      [[], all],
    ]);
  });

  it('comes before the answer to whoever asks meanwhile', async () => {
    let looked: Promise<readonly string[]> | undefined;
    let answer: readonly string[] | undefined;
    during = async (step) => {
      if (step !== 'Hotel') return;
      looked = trip().ask('Look', {});
      answer = await looked;
    };
    await trip().ask('Book', {});
    expect(answer).to.deep.equal(['Flight']);
    expect(written).to.deep.equal([[], ['Flight'], all]);
  });

  it('does not wait for a step that takes its time', async () => {
    let finish: () => void = () => undefined;
    during = (step) => (step === 'Hotel' ? new Promise<void>((resolve) => (finish = resolve)) : undefined);
    const asked = trip().ask('Book', {});
    await cluster.advance(1_000);
    expect(written).to.deep.equal([[], ['Flight']]);
    finish();
    expect(await asked).to.deep.equal(all);
    expect(written).to.deep.equal([[], ['Flight'], all]);
  });

  it('waits for steps that together take less than its limit, and no longer', async () => {
    const finish: (() => void)[] = [];
    during = () => new Promise<void>((resolve) => finish.push(resolve));
    const asked = trip().ask('Book', {});
    await cluster.advance(1_000);
    finish.shift()?.();
    await cluster.advance(60);
    expect(written, 'before the second step').to.deep.equal([[]]);
    finish.shift()?.();
    await cluster.advance(39);
    expect(written, 'in the third step').to.deep.equal([[]]);
    await cluster.advance(1);
    expect(written, 'at the limit').to.deep.equal([[], ['Flight', 'Hotel']]);
    finish.shift()?.();
    expect(await asked).to.deep.equal(all);
    expect(written).to.deep.equal([[], ['Flight', 'Hotel'], all]);
  });

  it('is made good after a crash: the same effects again, under the same ids, and told so', async () => {
    during = (step) => {
      if (step !== 'Car' || taken.length > 2) return undefined;
      cluster.crash();
      return new Promise<void>(() => {});
    };
    expect(await trip().ask('Book', {})).to.deep.equal(all);
    expect(taken).to.deep.equal(['Flight', 'Hotel', 'Flight again', 'Hotel', 'Car']);
    expect(performed.slice(3)).to.deep.equal(performed.slice(0, 3));
    expect(new Set(performed).size).to.equal(3);
    expect(written).to.deep.equal([[], all]);
  });

  const ways = {
    'a message': () => cluster.refs,
    'an ask from within its process': () => nodeOf(cluster).refs,
  };
  for (const [what, refs] of Object.entries(ways)) {
    describe(`of ${what}`, () => {
      // The node has its shard, and the actor its state.
      beforeEach(() => trip(refs()).ask('Look', {}));

      it('rides with what its effect leads to, before anything comes of that', async () => {
        during = (step) => {
          if (step === 'Hotel') expect(written).to.deep.equal([['Flight']]);
        };
        expect(await trip(refs()).ask('Hop', {})).to.deep.equal(all);
        expect(written).to.deep.equal([['Flight'], all]);
      });

      it('comes before the next message is handled', async () => {
        let looked: Promise<readonly string[]> | undefined;
        during = async (step) => {
          if (step === 'Flight') await (looked = trip(refs()).ask('Look', {}));
        };
        await trip(refs()).ask('Hop', {});
        expect(await looked).to.deep.equal([]);
        expect(written).to.deep.equal([[], all]);
      });

      it('does not wait for a step that takes its time', async () => {
        let finish: () => void = () => undefined;
        during = (step) =>
          step === 'Flight' ? new Promise<void>((resolve) => (finish = resolve)) : undefined;
        const asked = trip(refs()).ask('Hop', {});
        await cluster.advance(1_000);
        expect(written).to.deep.equal([[]]);
        finish();
        expect(await asked).to.deep.equal(all);
        expect(written).to.deep.equal([[], all]);
      });

      it('is never made of what comes to nothing, and its refusal waits for a look at the lease', async () => {
        mayGo = false;
        const calls: string[] = [];
        cluster.network.fate = ({ port, operation, leg }) => {
          if (leg === 'request' && ['isEmpty', 'ack'].includes(operation)) calls.push(`${port} ${operation}`);
          return undefined;
        };
        for (let time = 1; time <= 2; time++) {
          calls.length = 0;
          let lookedAt = 0;
          during = () => {
            lookedAt = calls.length;
          };
          expect(
            await trip(refs())
              .ask('Hop', {})
              .then(() => 'gone', codeOf),
          ).to.equal('forbidden');
          expect(calls.length).to.be.greaterThan(lookedAt);
        }
        expect(written).to.deep.equal([]);
        expect(await trip().ask('Look', {})).to.deep.equal([]);
      });

      it("is the next owner's where its node leaves: the message comes again, and leads to the same effects", async () => {
        let left: Promise<void> | undefined;
        during = (step) => {
          if (step !== 'Flight' || left !== undefined) return undefined;
          const node = nodeOf(cluster);
          cluster.startNode();
          left = node.stop();
          return new Promise<void>(() => {});
        };
        // Who asks within a process that ends hears no answer.
        void trip(refs())
          .ask('Hop', {})
          .catch(() => undefined);
        await cluster.advance(5_000);
        await left;
        expect(performed[1]).to.equal(performed[0]);
        expect(written).to.deep.equal([['Flight'], all]);
      });

      it('is made once more where the store refused it, and then by itself', async () => {
        let refusals = 1;
        const write = store.write.bind(store);
        store.write = (what) =>
          refusals-- > 0 ? Promise.reject(new ActorError('internal', 'refused')) : write(what);
        expect(await trip(refs()).ask('Hop', {})).to.deep.equal(all);
        expect(written).to.deep.equal([[], all]);
        expect(new Set(performed).size).to.equal(3);
      });
    });
  }

  it('of a message is made good after a crash: it comes again, and leads to the same effects', async () => {
    let crashed = false;
    during = (step) => {
      if (step !== 'Flight' || crashed) return undefined;
      crashed = true;
      cluster.crash();
      return new Promise<void>(() => {});
    };
    expect(await trip().ask('Hop', {})).to.deep.equal(all);
    expect(taken).to.deep.equal(all);
    expect(performed[1]).to.equal(performed[0]);
    expect(written).to.deep.equal([['Flight'], all]);
  });
});

function nodeOf({ nodes: [node] }: TestCluster) {
  if (node === undefined) throw new Error('no node runs');
  return node;
}
