import { expect } from 'chai';
import { z } from 'zod';
import { defineActor, type Outcome, type Turn } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Trip = defineContract({
  type: 'trip',
  key: z.string(),
  messages: {
    Book: { input: z.object({}), output: z.array(z.string()) },
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
  /** Name, id and `repeated` of each effect that ended, as its handler was told. */
  let taken: string[];
  let performed: string[];
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
      const done = [...turn.state.done, name];
      turn.set({ done });
      if (next !== undefined) turn.perform(next, {}, { id: 'step' });
      else turn.answerWaiting({ Book: () => done });
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
    during = () => undefined;
    store = new MemoryStateStore();
    const write = store.write.bind(store);
    store.write = (what) => {
      written.push((what.record.state as z.infer<typeof State>).done);
      return write(what);
    };
    cluster = createTestCluster({ actors: [{ actor, store }], shards: 1 });
  });
  afterEach(() => cluster.close());

  const trip = () => cluster.ref(Trip, 'a');
  const all = [...steps];

  it('rides with the last one, before anybody is answered', async () => {
    expect(await trip().ask('Book', {})).to.deep.equal(all);
    expect(written).to.deep.equal([[], all]);
    expect((await store.load('a'))?.record.state).to.deep.equal({ done: all });
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
});
