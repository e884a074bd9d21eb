import { expect } from 'chai';
import { z } from 'zod';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { defineActor } from './actor.ts';
import { defineContract, type RefusalSpecs } from './contract.ts';
import { ActorError, fromWireError, isActorError, runtimeCodes, toWireError } from './errors.ts';
import { isRefusal, refusal } from './refusal.ts';

const Total = z.object({ total: z.int() });
const Counter = defineContract({
  type: 'counter',
  key: z.string(),
  refusals: { too_much: z.object({ limit: z.int(), unit: z.string().default('pieces') }), closed: null },
  messages: {
    Add: { input: z.object({ by: z.int() }), output: Total },
    /** Refused by the next `Close`. */
    Wait: { input: z.object({}), output: Total },
    Close: { input: z.object({}) },
    Misstate: { input: z.object({}), output: Total },
    Newer: { input: z.object({ code: z.string(), limit: z.string() }), output: Total },
  },
});

const counter = defineActor(Counter, {
  state: Total,
  initial: () => ({ total: 0 }),
  receive: {
    Add(turn, { by }) {
      turn.set({ total: turn.state.total + by });
      if (turn.state.total > 3) throw refusal(Counter, 'too_much', 'at most three', { limit: 3 });
      return turn.state;
    },
    Wait: (turn) => turn.defer(),
    Close: (turn) => turn.refuseWaiting(refusal(Counter, 'closed', 'it is closed')),
    Misstate() {
      throw refusal(Counter, 'too_much', 'at most three and a half', { limit: 3.5 });
    },
    Newer(_, { code, limit }) {
      throw new ActorError(code, 'by a rule of a newer version', { details: { limit } });
    },
  },
});

describe('a refusal', () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = createTestCluster({ actors: [{ actor: counter, store: new MemoryStateStore() }], shards: 1 });
  });
  afterEach(() => cluster.close());

  const ref = () => cluster.refs.ref(Counter, 'a');
  const failure = (asked: Promise<unknown>) =>
    asked.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('reaches the caller with its code and its details, and changes nothing', async () => {
    const error = await failure(ref().ask('Add', { by: 4 }));
    expect(isRefusal(Counter, error) && isRefusal(Counter, error, 'too_much')).to.equal(true);
    expect(isRefusal(Counter, error, 'closed')).to.equal(false);
    expect(error).to.include({ code: 'too_much', message: 'at most three', retry: 'never' });
    expect(error).to.deep.include({ details: { limit: 3, unit: 'pieces' } });
    expect(await ref().ask('Add', { by: 1 })).to.deep.equal({ total: 1 });
  });

  it('reaches whoever was deferred', async () => {
    const waited = failure(ref().ask('Wait', {}));
    await cluster.runUntilIdle();
    await ref().tell('Close', {});
    expect(isRefusal(Counter, await waited, 'closed')).to.equal(true);
  });

  it('is a defect of its handler where its details are not as declared: given up at once', async () => {
    const error = await failure(ref().ask('Misstate', {}));
    expect(isRefusal(Counter, error)).to.equal(false);
    expect(error).to.include({ code: 'internal' });
    const [letter] = (await cluster.deadLetters.list()).items;
    expect(letter?.reason).to.match(/the refusal 'too_much' is not what its contract says[^]*at limit/);
  });

  it('arrives with its code although this version does not know the code, or has other details for it', async () => {
    for (const code of ['too_much', 'of_a_newer_version', 'constructor']) {
      const error = await failure(ref().ask('Newer', { code, limit: 'three' }));
      expect(isRefusal(Counter, error), code).to.equal(false);
      expect(isActorError(error), code).to.equal(true);
      expect(error, code).to.deep.include({ code, details: { limit: 'three' } });
    }
  });

  it('is narrowed to what is there: not where a default of this version is missing', () => {
    const arrived = (details: Record<string, string | number>) =>
      fromWireError(toWireError(new ActorError('too_much', 'too much', { details })));
    const isKnown = (details: Record<string, string | number>) =>
      isRefusal(Counter, arrived(details), 'too_much');
    expect(isKnown({ limit: 3, unit: 'pieces' })).to.equal(true);
    expect(isKnown({ limit: 3, unit: 'pieces', since: 'tomorrow' }), 'of a newer node').to.equal(true);
    expect(isKnown({ limit: 3 }), 'of an older node').to.equal(false);
    expect(isRefusal(Counter, new Error('too_much'))).to.equal(false);
  });

  it('is not declared with a code that could be taken for another, or with what JSON has not', () => {
    const declare = (refusals: RefusalSpecs) => () =>
      defineContract({ type: 'counter', key: z.string(), refusals, messages: {} });
    for (const code of Object.keys(runtimeCodes)) {
      expect(declare({ [code]: null }), code).to.throw(TypeError, 'has a code of the runtime');
    }
    for (const code of ['', 'TooMuch', 'too-much', '2much', 'too__much', 'much_']) {
      expect(declare({ [code]: null }), code).to.throw(TypeError, 'is not snake_case');
    }
    expect(declare({ late: z.object({ by: z.nan() }) })).to.throw(TypeError, "the refusal 'late'.by is NaN");
    expect(declare({ late: z.object({ by: z.int() }), over_2_days: null })).not.to.throw();
  });
});
