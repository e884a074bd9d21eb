import { expect } from 'chai';
import { z } from 'zod';
import { defineActor, type EffectContext } from '../define/actor.ts';
import { pause } from '../define/clock.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError } from '../define/errors.ts';
import { addressOf } from '../mailbox/address.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Total = z.object({ total: z.int(), log: z.array(z.int()) });
const Counter = defineContract({
  type: 'counter',
  key: z.string().min(1),
  messages: {
    Add: { input: z.object({ by: z.int() }), output: Total },
    Get: { input: z.object({}), output: Total },
    Note: { input: z.object({ by: z.int() }) },
    /** Answers when the effect has doubled the total. */
    Double: { input: z.object({}), output: Total },
    Publish: { input: z.object({}), output: z.object({}) },
    Break: { input: z.object({}), output: z.object({}) },
  },
});

interface Faults {
  double?: (input: { total: number }, context: EffectContext) => Promise<number>;
  project?: () => Promise<void>;
  answer?: unknown;
  /** So many outcomes cannot be taken up. */
  brokenOutcomes?: number;
  broken?: boolean;
}

function counterActor(faults: Faults) {
  return defineActor(Counter, {
    state: Total,
    initial: () => ({ total: 0, log: [] as number[] }),
    effects: {
      Double: (input: { total: number }, context: EffectContext) =>
        faults.double?.(input, context) ?? Promise.resolve(input.total * 2),
    },
    receive: {
      Add(turn, { by }) {
        if (by === 0) throw new ActorError('invalid_quantity', 'nothing to add');
        turn.set({ total: turn.state.total + by, log: [...turn.state.log, by] });
        return turn.state;
      },
      Get: (turn) => (faults.answer ?? turn.state) as z.infer<typeof Total>,
      Note(turn, { by }) {
        turn.set({ total: turn.state.total + by, log: [...turn.state.log, by] });
      },
      Double(turn) {
        turn.perform('Double', { total: turn.state.total });
        return turn.defer();
      },
      Publish(turn) {
        turn.publish({ type: 'Counted', partitionKey: turn.key, payload: turn.state });
        return {};
      },
      Break(turn) {
        turn.set({ total: -1, log: [] });
        if (faults.broken !== false) throw new Error('broken');
        return {};
      },
    },
    onResult: {
      Double(turn, outcome) {
        faults.brokenOutcomes = (faults.brokenOutcomes ?? 0) - 1;
        if (faults.brokenOutcomes >= 0) throw new Error('broken');
        if (!outcome.ok) return turn.refuseWaiting(outcome.error);
        turn.set({ ...turn.state, total: outcome.value });
        turn.answerWaiting({ Double: () => turn.state });
      },
    },
    project: () => faults.project?.() ?? Promise.resolve(),
  });
}

describe('the kernel', () => {
  let store: MemoryStateStore;
  let faults: Faults;
  let cluster: TestCluster;

  beforeEach(() => {
    store = new MemoryStateStore();
    faults = {};
    const limits = { turnTimeoutMs: 200, storePatienceMs: 100, sweepMs: 50 };
    cluster = createTestCluster({ actors: [{ actor: counterActor(faults), store }], limits });
  });
  afterEach(() => cluster.close());

  const counter = (key = 'a') => cluster.refs.ref(Counter, key);
  const totalOf = async (key = 'a') => (await counter(key).ask('Get', {})).total;

  it('applies messages in the order sent and answers each', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map((by) => counter().ask('Add', { by })));
    expect(answers.map(({ total }) => total)).to.deep.equal([1, 3, 6, 10]);
    expect(answers[3]?.log).to.deep.equal([1, 2, 3, 4]);
  });

  it('runs one turn of an actor at a time, whatever wakes it meanwhile', async () => {
    let running = 0;
    let most = 0;
    store.faults.beforeWrite = async () => {
      most = Math.max(most, ++running);
      await pause(cluster.clock, 2);
      running--;
    };
    for (let i = 0; i < 20; i++) {
      void counter().ask('Add', { by: 1 });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await counter().ask('Add', { by: 1 })).total).to.equal(21);
    expect(most).to.equal(1);
  });

  it('writes the messages that wait together as one turn', async () => {
    await Promise.all(Array.from({ length: 100 }, () => counter().ask('Add', { by: 1 })));
    expect(await totalOf()).to.equal(100);
    expect(store.writes).to.be.lessThan(20);
  });

  it('answers a refusal with its code and changes nothing', async () => {
    const error = await rejection(counter().ask('Add', { by: 0 }));
    expect(error).to.include({ code: 'invalid_quantity', message: 'nothing to add' });
    expect(store.writes).to.equal(0);
  });

  it('refuses an input that the contract does not allow before it is sent', async () => {
    expect(await rejection(counter().ask('Add', { by: 1.5 }))).to.have.property('code', 'invalid_request');
    expect(() => cluster.refs.ref(Counter, '')).to.throw('no key of counter');
  });

  it('applies a message id once and gives the first answer again', async () => {
    const first = await counter().ask('Add', { by: 1 }, { messageId: 'one' });
    await counter().ask('Add', { by: 5 });
    const again = await counter().ask('Add', { by: 1 }, { messageId: 'one' });
    expect(again).to.deep.equal(first);
    expect(await totalOf()).to.equal(6);
  });

  it('remembers an idempotency key long after the last turns, and refuses it for something else', async () => {
    const first = await counter().ask('Add', { by: 1 }, { idempotencyKey: 'k' });
    for (let i = 0; i < 100; i++) await counter().tell('Note', { by: 1 });
    expect(await counter().ask('Add', { by: 1 }, { idempotencyKey: 'k' })).to.deep.equal(first);
    const reused = await rejection(counter().ask('Add', { by: 2 }, { idempotencyKey: 'k' }));
    expect(reused).to.have.property('code', 'idempotency_key_reused');
    expect(await totalOf()).to.equal(101);
  });

  for (const moment of ['beforeWrite', 'afterWrite'] as const) {
    it(`applies a message once when the node dies ${moment === 'beforeWrite' ? 'before' : 'after'} its write`, async () => {
      let crashed = false;
      store.faults[moment] = () => {
        if (crashed) return;
        crashed = true;
        cluster.crash();
        throw new Error('the node is gone');
      };
      expect((await counter().ask('Add', { by: 7 })).total).to.equal(7);
      expect(crashed).to.equal(true);
      expect(await totalOf()).to.equal(7);
      expect(store.writes).to.equal(1);
    });

    it(`applies a message once when the store fails ${moment}, the outcome unknown`, async () => {
      let failures = 0;
      store.faults[moment] = () => {
        if (++failures <= 4) throw new Error('connection lost');
      };
      const answers = await Promise.all([1, 2].map((by) => counter().ask('Add', { by })));
      expect(answers.map(({ total }) => total)).to.deep.equal([1, 3]);
      expect(await totalOf()).to.equal(3);
    });
  }

  it('applies a message once when the node dies between the write and the answer', async () => {
    let crashed = false;
    faults.project = () => {
      if (crashed) return Promise.resolve();
      crashed = true;
      cluster.crash();
      return Promise.reject(new Error('the node is gone'));
    };
    expect((await counter().ask('Add', { by: 7 })).total).to.equal(7);
    expect(await totalOf()).to.equal(7);
  });

  it('performs an effect after the turn that wanted it is durable, and answers who waits', async () => {
    await counter().ask('Add', { by: 4 });
    let writesBefore = 0;
    faults.double = ({ total }) => {
      writesBefore = store.writes;
      return Promise.resolve(total * 2);
    };
    expect((await counter().ask('Double', {})).total).to.equal(8);
    expect(writesBefore).to.equal(2);
    expect(store.writes).to.equal(3);
  });

  it('takes other messages while an effect runs', async () => {
    await counter().ask('Add', { by: 4 });
    const release = new Promise<() => void>((started) => {
      faults.double = () => new Promise((resolve) => started(() => resolve(100)));
    });
    const doubled = counter().ask('Double', {});
    expect((await counter().ask('Add', { by: 1 })).total).to.equal(5);
    (await release)();
    expect((await doubled).total).to.equal(100);
  });

  it('performs an effect again under the same id when the node dies while it runs, and answers who waits', async () => {
    await counter().ask('Add', { by: 4 });
    const effectIds: string[] = [];
    faults.double = ({ total }, { effectId }) => {
      effectIds.push(effectId);
      if (effectIds.length > 1) return Promise.resolve(total * 2);
      cluster.crash();
      return new Promise(() => undefined);
    };
    expect((await counter().ask('Double', {})).total).to.equal(8);
    expect(effectIds).to.have.length(2);
    expect(new Set(effectIds)).to.have.property('size', 1);
  });

  it('tells everyone who waits when an effect fails', async () => {
    faults.double = () => Promise.reject(new ActorError('unavailable', 'down'));
    const asked = await Promise.all([1, 2, 3].map(() => rejection(counter().ask('Double', {}))));
    for (const error of asked) expect(error).to.have.property('code', 'unavailable');
  });

  it('publishes events with the write, once', async () => {
    let failed = false;
    store.faults.afterWrite = () => {
      if (failed) return;
      failed = true;
      throw new Error('connection lost');
    };
    await counter().ask('Publish', {});
    expect(store.published.map(({ type }) => type)).to.deep.equal(['Counted']);
  });

  it('tries a message that breaks again in place, then keeps it as a dead letter, and goes on', async () => {
    const broken = rejection(counter().ask('Break', {}));
    const after = counter().ask('Add', { by: 1 });
    expect(await broken).to.have.property('code', 'internal');
    expect((await after).total).to.equal(1);
    await cluster.runUntilIdle();
    const { items } = await cluster.deadLetters.list();
    expect(items).to.have.length(1);
    expect(items[0]).to.include({ type: 'counter', key: 'a', message: 'Break', attempts: 3 });
  });

  it('tells those who wait when the store stays away, keeps what was told, and goes on when it is back', async () => {
    store.faults.beforeLoad = () => {
      throw new Error('no connection');
    };
    await counter().tell('Note', { by: 3 });
    expect(await rejection(counter().ask('Add', { by: 1 }))).to.have.property('code', 'unavailable');
    delete store.faults.beforeLoad;
    expect(await totalOf()).to.equal(3);
  });

  it('keeps the one message as a dead letter whose state the store will never take', async () => {
    store.faults.beforeWrite = ({ record }) => {
      const { log } = record.state as { log: number[] };
      if (log.includes(13)) throw new ActorError('internal', 'no 13');
    };
    const asked = [1, 13, 2].map((by) => counter().ask('Add', { by }));
    expect((await asked[0])?.total).to.equal(1);
    expect(await rejection(asked[1] ?? Promise.resolve())).to.have.property('code', 'internal');
    expect((await asked[2])?.total).to.equal(3);
    const [letter] = (await cluster.deadLetters.list()).items;
    expect(letter?.reason).to.include('no 13');
  });

  it('takes an answer that its contract does not allow for a failure, and keeps the message', async () => {
    await counter().ask('Add', { by: 4 });
    faults.answer = { total: 'four' };
    expect(await rejection(counter().ask('Get', {}))).to.have.property('code', 'internal');
    faults.answer = undefined;
    expect(await totalOf()).to.equal(4);
  });

  it('refuses a message from a newer release by its envelope, and goes on', async () => {
    const address = addressOf('counter', 'a', 4);
    await cluster.mailbox.send(address, 'new', { v: 2, id: 'new', name: 'Get', input: {} });
    expect((await counter().ask('Add', { by: 1 })).total).to.equal(1);
    await cluster.runUntilIdle();
    const [letter] = (await cluster.deadLetters.list()).items;
    expect(letter?.reason).to.include('version 2');
  });

  it('activates an actor anew when a turn hangs, and what comes of the hanging turn no longer counts', async () => {
    let release: () => void = () => undefined;
    let hung = false;
    store.faults.afterWrite = () => {
      if (hung) return Promise.resolve();
      hung = true;
      return new Promise((resolve) => (release = resolve));
    };
    const first = counter().ask('Add', { by: 1 });
    const others = [2, 3].map((by) => counter().ask('Add', { by }));
    const answers = await Promise.all([first, ...others]);
    release();
    expect(answers.map(({ total }) => total)).to.deep.equal([1, 3, 6]);
    expect(await totalOf()).to.equal(6);
  });

  it('goes on with its messages when the outcome of an effect cannot be taken up, and tries that again', async () => {
    await counter().ask('Add', { by: 4 });
    faults.brokenOutcomes = 2;
    const doubled = counter().ask('Double', {});
    expect((await counter().ask('Add', { by: 1 })).total).to.equal(5);
    expect((await doubled).total).to.equal(8);
  });

  it('remembers for a while even the messages of many turns ago, without their answers', async () => {
    await counter().ask('Add', { by: 1 }, { messageId: 'one' });
    for (let i = 0; i < 100; i++) await counter().ask('Add', { by: 1 });
    const again = await rejection(counter().ask('Add', { by: 1 }, { messageId: 'one' }));
    expect(again).to.include({ code: 'answer_dropped', retry: 'never' });
    expect(await totalOf()).to.equal(101);
  });

  it('takes up the outcome of an effect that ends while another turn is written', async () => {
    let finish: (total: number) => void = () => undefined;
    faults.double = () => new Promise((resolve) => (finish = resolve));
    const doubled = counter().ask('Double', {}, { timeoutMs: 2_000 });
    await counter().ask('Get', {});
    store.faults.beforeWrite = async () => {
      store.faults.beforeWrite = () => undefined;
      finish(8);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await counter().ask('Add', { by: 1 });
    expect((await doubled).total).to.equal(8);
  });

  it('leaves nothing in the mailbox of an actor that is idle', async () => {
    await Promise.all(['a', 'b', 'c'].map((key) => counter(key).ask('Add', { by: 1 })));
    await counter().ask('Double', {});
    await cluster.runUntilIdle();
    expect(cluster.mailbox.residents()).to.deep.equal([]);
  });
});

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return expect.fail('it resolved');
}
