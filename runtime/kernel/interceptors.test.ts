import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import type { ClientInterceptor, HandledMessage, NodeInterceptor } from '../define/interceptor.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Total = z.object({ total: z.int() });
const Till = defineContract({
  type: 'till',
  key: z.string(),
  messages: {
    Add: { input: z.object({ by: z.int().default(1) }), output: Total },
    Note: { input: z.object({ by: z.int() }) },
    Break: { input: z.object({}), output: Total },
    Convert: { input: z.object({ to: z.string() }), output: Total },
    Remind: { input: z.object({}), output: z.object({}) },
  },
});

const till = defineActor(Till, {
  state: Total,
  initial: () => ({ total: 0 }),
  effects: {
    Rate: async (to: string, { traceparent }) => `${to} ${traceparent}`,
  },
  receive: {
    Add(turn, { by }) {
      turn.set({ total: turn.state.total + by });
      return turn.state;
    },
    Note: (turn, { by }) => turn.set({ total: turn.state.total + by }),
    Break(turn) {
      turn.set({ total: 1_000 });
      turn.perform('Rate', 'never');
      throw new ActorError('broken', 'it broke half way');
    },
    Convert(turn, { to }) {
      turn.perform('Rate', to);
      return turn.defer();
    },
    Remind(turn) {
      turn.remind('Note', { by: 7 }, { delayMs: 1_000 });
      return {};
    },
  },
  onResult: {
    Rate(turn, outcome) {
      turn.set({ total: outcome.ok ? outcome.value.length : -1 });
      if (outcome.ok) turn.answerWaiting({ Convert: () => turn.state });
      else turn.refuseWaiting(outcome.error);
    },
  },
});

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const otherTrace = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;

describe('an interceptor', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  const open = (interceptors: {
    client?: readonly ClientInterceptor[];
    node?: readonly NodeInterceptor[];
  }) => {
    cluster = createTestCluster({ actors: [{ actor: till, store }], interceptors });
    return cluster.refs.ref(Till, 'a');
  };
  const totalOf = async (key: string) => (await store.load(key))?.record.state;
  const codeOfAsk = (asked: Promise<unknown>) => asked.then(() => 'answered', codeOf);

  beforeEach(() => {
    store = new MemoryStateStore();
  });
  afterEach(() => cluster.close());

  it('of a client sees what is asked and told, may change it, and sees the answer', async () => {
    const seen: unknown[] = [];
    const a = open({
      client: [
        {
          async ask({ type, key, message, input, options }, next) {
            const answer = await next({ type, key, message, input: { by: 5 }, options });
            seen.push({ type, key, message, input, options, answer });
            return { total: 42 };
          },
          tell: (tell, next) => next({ ...tell, options: { messageId: 'once' } }),
        },
      ],
    });
    expect(await a.ask('Add', { by: 2 }, { requestId: 'r' })).to.deep.equal({ total: 42 });
    const call = { type: 'till', key: 'a', message: 'Add', input: { by: 2 }, options: { requestId: 'r' } };
    expect(seen).to.deep.equal([{ ...call, answer: { total: 5 } }]);
    await a.tell('Note', { by: 1 });
    await a.tell('Note', { by: 1 });
    await cluster.runUntilIdle();
    expect(await totalOf('a')).to.deep.equal({ total: 6 });
  });

  it('of a client refuses before anything is sent', async () => {
    const refuse = () => {
      throw new ActorError('forbidden', 'not you');
    };
    const a = open({ client: [{ ask: refuse, tell: refuse }] });
    expect(await codeOfAsk(a.ask('Add', { by: 1 }))).to.equal('forbidden');
    expect(await codeOfAsk(a.tell('Note', { by: 1 }))).to.equal('forbidden');
    await cluster.runUntilIdle();
    expect(await totalOf('a')).to.equal(undefined);
  });

  it('stands around those that come behind it', async () => {
    const order: string[] = [];
    const named = (name: string) => ({
      ask: async (...[ask, next]: Parameters<NonNullable<ClientInterceptor['ask']>>) => {
        order.push(`${name} asks`);
        return next(ask).finally(() => order.push(`${name} is answered`));
      },
      handle(...[message, next]: Parameters<NonNullable<NodeInterceptor['handle']>>) {
        order.push(`${name} begins`);
        const answer = next(message);
        order.push(`${name} ends`);
        return answer;
      },
    });
    const both = [named('one'), {}, named('two')];
    await open({ client: both, node: both }).ask('Add', { by: 1 });
    expect(order).to.deep.equal([
      ...['one asks', 'two asks'],
      ...['one begins', 'two begins', 'two ends', 'one ends'],
      ...['two is answered', 'one is answered'],
    ]);
  });

  it('of a node sees each message that is handled, those of reminders too, but none a second time', async () => {
    const seen: HandledMessage[] = [];
    const a = open({ node: [{ handle: (message, next) => (seen.push(message), next(message)) }] });
    const options = { requestId: 'r', traceparent, tracestate: 'a=b', messageId: 'm' };
    const sentAt = cluster.clock.now();
    await a.ask('Add', {}, options);
    await a.ask('Add', {}, options);
    await a.ask('Remind', {});
    await cluster.advance(2_000);
    expect(seen.map(({ messageId: _, ...rest }) => rest)).to.deep.equal([
      {
        ...{ type: 'till', key: 'a', message: 'Add', input: { by: 1 }, isReminder: false },
        ...{ requestId: 'r', traceparent, tracestate: 'a=b', sentAt },
      },
      {
        ...{ type: 'till', key: 'a', message: 'Remind', input: {}, isReminder: false },
        ...{ requestId: undefined, traceparent: undefined, tracestate: undefined, sentAt },
      },
      {
        ...{ type: 'till', key: 'a', message: 'Note', input: { by: 7 }, isReminder: true },
        ...{ requestId: undefined, traceparent: undefined, tracestate: undefined, sentAt: undefined },
      },
    ]);
    expect(seen[0]?.messageId).to.equal('m-m');
  });

  it('of a node refuses a message as its handler would, before the handler and after it', async () => {
    const forbidden = new ActorError('forbidden', 'not you', { details: { who: 'you' } });
    for (const goesOn of [false, true]) {
      const a = open({
        node: [
          {
            handle(message, next) {
              if (goesOn) next(message);
              throw forbidden;
            },
          },
        ],
      });
      const refused = await a.ask('Add', { by: 1 }).catch((error: unknown) => error);
      expect(refused).to.include({ code: 'forbidden', message: 'not you' });
      expect(await totalOf('a')).to.equal(undefined);
      await cluster.close();
    }
  });

  it('makes a dead letter of a message where it breaks, as its handler would', async () => {
    const a = open({
      node: [
        {
          handle(message, next) {
            next(message);
            throw new Error('no metrics');
          },
        },
      ],
    });
    expect(await codeOfAsk(a.ask('Add', { by: 1 }))).to.equal('internal');
    await cluster.runUntilIdle();
    const { items } = await cluster.deadLetters.list();
    expect(items.map(({ reason }) => reason)).to.deep.equal(['no metrics']);
    expect(await totalOf('a')).to.equal(undefined);
  });

  it('does not make a turn half where it catches what the handler threw', async () => {
    const a = open({
      node: [
        {
          handle(message, next) {
            try {
              return next(message);
            } catch {
              return { total: -1 };
            }
          },
        },
      ],
    });
    expect(await a.ask('Break', {})).to.deep.equal({ total: -1 });
    await cluster.advance(1_000);
    expect(await a.ask('Add', { by: 1 })).to.deep.equal({ total: 1 });
  });

  it('of a node goes on once, and before it returns', async () => {
    let late: (() => unknown) | undefined;
    const twice = open({ node: [{ handle: (message, next) => [next(message), next(message)] }] });
    expect(await codeOfAsk(twice.ask('Add', { by: 1 }))).to.equal('internal');
    expect(await totalOf('a')).to.equal(undefined);
    await cluster.close();
    const after = open({
      node: [
        {
          handle(message, next) {
            late = () => next(message);
            return { total: 9 };
          },
        },
      ],
    });
    expect(await after.ask('Add', { by: 1 })).to.deep.equal({ total: 9 });
    expect(late).to.throw(TypeError, 'goes on once, and before it returns');
    expect(await totalOf('a')).to.equal(undefined);
  });

  it('of a node gives its effects another trace, and sees and changes them and their outcomes', async () => {
    const seen: unknown[] = [];
    const a = open({
      node: [
        { handle: (message, next) => next({ ...message, traceparent: otherTrace }) },
        {
          async effect(effect, next) {
            const outcome = await next({ ...effect, input: 'EUR' });
            seen.push({ effect: effect.effect, input: effect.input, outcome });
            return 'EUR';
          },
        },
      ],
    });
    expect(await a.ask('Convert', { to: 'USD' }, { traceparent })).to.deep.equal({ total: 3 });
    expect(seen).to.deep.equal([{ effect: 'Rate', input: 'USD', outcome: `EUR ${otherTrace}` }]);
  });

  it('of a node sees and changes the outcome of an effect, and may refuse it', async () => {
    const seen: unknown[] = [];
    let attempts = 0;
    const a = open({
      node: [
        {
          outcome(taken, next) {
            const { type, key, effect, input, outcome } = taken;
            const value = outcome.ok ? outcome.value : undefined;
            seen.push({ type, key, effect, input, value, trace: taken.traceparent });
            if (attempts++ === 0) throw new Error('not yet');
            return next({ ...taken, outcome: { ok: true, value: 'four' } });
          },
        },
      ],
    });
    const asked = a.ask('Convert', { to: 'USD' }, { traceparent });
    await cluster.advance(1_000);
    expect(await asked).to.deep.equal({ total: 4 });
    const taken = { type: 'till', key: 'a', effect: 'Rate', input: 'USD', value: `USD ${traceparent}` };
    expect(seen).to.deep.equal([
      { ...taken, trace: traceparent },
      { ...taken, trace: traceparent },
    ]);
  });

  it('of a node refuses an effect, which its actor hears of', async () => {
    const refuse = () => {
      throw new ActorError('forbidden', 'no calls to the outside');
    };
    const a = open({ node: [{ effect: refuse }] });
    expect(await codeOfAsk(a.ask('Convert', { to: 'USD' }))).to.equal('forbidden');
    expect(await totalOf('a')).to.deep.equal({ total: -1 });
  });
});
