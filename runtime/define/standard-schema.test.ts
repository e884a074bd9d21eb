import { expect } from 'chai';
import * as v from 'valibot';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { defineActor } from './actor.ts';
import { defineContract } from './contract.ts';
import { codeOf } from './errors.ts';
import type { ActorRefs } from './ref.ts';
import { isRefusal, refusal } from './refusal.ts';
import { parse } from './schema.ts';

const Seats = v.object({ taken: v.array(v.pipe(v.string(), v.minLength(1))) });
const Train = defineContract({
  type: 'train',
  key: v.pipe(v.string(), v.regex(/^IC \d+$/)),
  refusals: { full: v.object({ seats: v.number() }) },
  messages: {
    Book: {
      input: v.object({ names: v.array(v.string()), quiet: v.optional(v.boolean(), true) }),
      output: Seats,
    },
    Look: { input: v.object({}), output: v.object({ taken: v.number() }) },
  },
});
const train = defineActor(Train, {
  state: Seats,
  initial: () => ({ taken: [] as string[] }),
  receive: {
    Book(turn, { names, quiet }) {
      const taken = [...turn.state.taken, ...names.map((name) => (quiet ? name.toLowerCase() : name))];
      if (taken.length > 3) throw refusal(Train, 'full', 'there is no seat left', { seats: 3 });
      turn.set({ taken });
      return { taken };
    },
    Look: (turn) => ({ taken: turn.state.taken.length }),
  },
});

describe('schemas of another library than zod', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  beforeEach(() => {
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: [{ actor: train, store }] });
  });
  afterEach(() => cluster.close());
  const seats = () => cluster.ref(Train, 'IC 7');
  const failure = (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      () => 'answered',
      (error: unknown) => error,
    );

  it('parse what goes in, with their defaults, and what is loaded', async () => {
    expect(await seats().book({ names: ['Ann'] })).to.deep.equal({ taken: ['ann'] });
    cluster.crash();
    expect(await seats().book({ names: ['Ben'], quiet: false })).to.deep.equal({ taken: ['ann', 'Ben'] });
  });

  it('refuse a key and an input before anything is sent, with the place of the fault', async () => {
    expect(() => cluster.ref(Train, 'bus')).to.throw("'bus' is no key of train: ✖ Invalid format");
    const error = await failure(seats().ask('Book', { names: ['Ann', 7 as never] }));
    expect(codeOf(error)).to.equal('invalid_request');
    expect(String(error)).to.include('→ at names[1]');
    expect(store.writes).to.equal(0);
  });

  it('hold a new state and the details of a refusal against what is declared', async () => {
    expect(codeOf(await failure(seats().book({ names: [''] }))), 'an empty name in the state').to.equal(
      'internal',
    );
    const error = await failure(seats().book({ names: ['a', 'b', 'c', 'd'] }));
    expect(isRefusal(Train, error, 'full') && error.details.seats).to.equal(3);
    expect(await seats().look()).to.deep.equal({ taken: 0 });
  });

  it('give their types to callers and handlers', () => {
    const calls = async (refs: ActorRefs) => {
      const ref = refs.ref(Train, 'IC 7');
      const taken: number = (await ref.look()).taken;
      const names: string[] = (await ref.ask('Book', { names: [] })).taken;
      // @ts-expect-error the input is of another shape
      void ref.book({ names: [7] });
      // @ts-expect-error a state of another shape
      defineActor(Train, { ...train.definition, initial: () => ({ taken: 0 }) });
      return [taken, names];
    };
    expect(calls).to.be.a('function');
  });

  it('are refused in words when they parse later', () => {
    const later = v.pipeAsync(
      v.string(),
      v.checkAsync(async () => true),
    );
    expect(() => parse(later, 'x')).to.throw(TypeError, 'a schema of valibot parses later');
  });
});
