import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Total = z.object({ total: z.int() });
const Nothing = z.object({});
const Stock = defineContract({
  type: 'stock',
  key: z.string(),
  messages: {
    Add: { input: z.object({ by: z.int() }), output: Total },
    Get: { input: Nothing, output: Total, readOnly: true },
    /** Answered when the test opens the gate. */
    Appraise: { input: z.object({ name: z.string() }), output: Total, readOnly: true },
    Fail: { input: Nothing, output: Total, readOnly: true },
    Refuse: { input: Nothing, output: Total, readOnly: true },
    Lie: { input: Nothing, output: Total, readOnly: true },
    Meddle: { input: Nothing, output: Total, readOnly: true },
    /** Reads another one of its kind. */
    Ask: { input: z.object({ other: z.string() }), output: Total, readOnly: true },
  },
});

/** Opened by name, once for each that waits or will wait. */
class Gates {
  readonly #open = new Map<string, () => void>();
  readonly #gates = new Map<string, Promise<void>>();

  pass(name: string): Promise<void> {
    const gate = this.#gates.get(name) ?? new Promise((open) => this.#open.set(name, open));
    this.#gates.set(name, gate);
    return gate;
  }

  open(name: string): void {
    void this.pass(name);
    this.#open.get(name)?.();
  }
}

describe('read-only messages', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  let gates: Gates;
  let log: string[];

  const open = (options: { maxTurns?: number; nodes?: number; messagesPerTurn?: number } = {}) => {
    const { nodes = 1, ...limits } = options;
    cluster = createTestCluster({
      nodes,
      limits,
      actors: ({ refs, node }) => [
        {
          store,
          actor: defineActor(Stock, {
            state: Total,
            initial: () => ({ total: 0 }),
            receive: {
              Add(turn, { by }) {
                log.push(`add ${by}`);
                turn.set({ total: turn.state.total + by });
                return turn.state;
              },
              Get: ({ state }) => state,
              async Appraise({ state, signal }, { name }) {
                log.push(`${name} begins`);
                signal.addEventListener('abort', () =>
                  log.push(`${name} on ${node}: ${codeOf(signal.reason)}`),
                );
                await gates.pass(name);
                log.push(`${name} ends`);
                return state;
              },
              Fail: () => Promise.reject(new Error('the sun is in the way')),
              async Refuse() {
                throw new ActorError('conflict', 'not today');
              },
              Lie: async () => ({ total: 0.5 }),
              Meddle(turn) {
                (turn as unknown as { set(next: unknown): void }).set({ total: 1_000 });
                return turn.state;
              },
              Ask: ({ signal, requestId }, { other }) =>
                refs.ref(Stock, other).ask('Get', {}, { signal, requestId }),
            },
          }),
        },
      ],
    });
    return cluster.refs.ref(Stock, 'a');
  };

  beforeEach(() => {
    store = new MemoryStateStore();
    gates = new Gates();
    log = [];
  });
  afterEach(() => cluster.close());

  it('run beside each other, and the next message waits for all of them', async () => {
    const a = open();
    // The first one travels alone, in its wake-up; those behind it wait for it together.
    const asked = [
      a.ask('Add', { by: 1 }),
      a.ask('Appraise', { name: 'one' }),
      a.ask('Appraise', { name: 'two' }),
      a.ask('Add', { by: 2 }),
      a.ask('Appraise', { name: 'three' }),
    ];
    await cluster.runUntilIdle();
    expect(log).to.deep.equal(['add 1', 'one begins', 'two begins']);
    gates.open('two');
    await cluster.runUntilIdle();
    expect(log.slice(3)).to.deep.equal(['two ends']);
    gates.open('one');
    await cluster.runUntilIdle();
    expect(log.slice(4)).to.deep.equal(['one ends', 'add 2', 'three begins']);
    gates.open('three');
    const totals = (await Promise.all(asked)).map(({ total }) => total);
    expect(totals).to.deep.equal([1, 1, 1, 3, 3]);
  });

  it('do not keep those waiting whose messages were written before', async () => {
    const a = open();
    // Taken up together: a turn of its own is under way.
    const first = a.ask('Appraise', { name: 'first' });
    const added = a.ask('Add', { by: 1 });
    const slow = a.ask('Appraise', { name: 'slow' });
    await cluster.runUntilIdle();
    gates.open('first');
    expect(await added).to.deep.equal({ total: 1 });
    expect(log).to.include('slow begins').and.not.to.include('slow ends');
    gates.open('slow');
    expect(await first).to.deep.equal({ total: 0 });
    expect(await slow).to.deep.equal({ total: 1 });
  });

  it('see nothing that is not written yet, nor begin before it is', async () => {
    const a = open();
    const first = a.ask('Appraise', { name: 'first' });
    const added = a.ask('Add', { by: 1 });
    const read = a.ask('Appraise', { name: 'read' });
    await cluster.runUntilIdle();
    store.faults.beforeWrite = () => gates.pass('write');
    gates.open('first');
    gates.open('read');
    await cluster.runUntilIdle();
    expect(log).to.deep.equal(['first begins', 'first ends', 'add 1']);
    gates.open('write');
    expect((await Promise.all([first, added, read])).map(({ total }) => total)).to.deep.equal([0, 1, 1]);
  });

  it('leave no trace: nothing is written, no id is remembered', async () => {
    const a = open();
    await a.ask('Get', {}, { idempotencyKey: 'k' });
    expect(await store.load('a')).to.equal(undefined);
    await a.ask('Add', { by: 1 });
    const before = await store.load('a');
    expect(await a.ask('Get', {}, { idempotencyKey: 'k' })).to.deep.equal({ total: 1 });
    expect(await store.load('a')).to.deep.equal(before);
    expect(cluster.mailbox.residents()).to.deep.equal([]);
  });

  it('are read again where a node dies in the middle, or leaves', async () => {
    for (const goes of ['crash', 'stop'] as const) {
      const a = open({ nodes: 2 });
      await a.ask('Add', { by: 1 });
      const asked = a.ask('Appraise', { name: goes });
      await cluster.runUntilIdle();
      const [one, two] = cluster.nodes;
      const reader = one?.activations === 1 ? one : two;
      if (goes === 'crash') reader?.crash();
      else await reader?.stop();
      await cluster.advance(6_000);
      expect(log.filter((line) => line === `${goes} begins`)).to.have.length(2);
      gates.open(goes);
      expect((await asked).total).to.be.at.least(1);
      await cluster.close();
    }
  });

  it('are given up when they take too long, and those behind them go on', async () => {
    const a = open();
    const slow = a.ask('Appraise', { name: 'slow' }, { timeoutMs: 60_000 });
    const hasty = a.ask('Appraise', { name: 'hasty' }, { timeoutMs: 3_000 });
    const added = a.ask('Add', { by: 1 });
    const refused = Promise.all([slow, hasty].map((asked) => asked.then(() => 'answered', codeOf)));
    expect(await added).to.deep.equal({ total: 1 });
    expect(await refused).to.deep.equal(['deadline_exceeded', 'deadline_exceeded']);
    expect(log).to.include('slow on node-1: deadline_exceeded');
  });

  it('refuse, fail and break their contract as others do', async () => {
    const a = open();
    const code = (asked: Promise<unknown>) => asked.then(() => 'answered', codeOf);
    const codes = Promise.all([
      code(a.ask('Refuse', {})),
      code(a.ask('Fail', {})),
      code(a.ask('Lie', {})),
      code(a.ask('Meddle', {})),
      code(a.ask('Get', {})),
    ]);
    expect(await codes).to.deep.equal(['conflict', 'internal', 'internal', 'internal', 'answered']);
    await cluster.runUntilIdle();
    const { items } = await cluster.deadLetters.list();
    const reasons = items.map(({ reason }) => reason);
    expect(reasons).to.have.length(3);
    expect(reasons).to.include('the sun is in the way').and.to.include('turn.set is not a function');
    expect(await store.load('a')).to.equal(undefined);
  });

  it('have an output, which somebody hears', () => {
    const deaf = () =>
      defineContract({
        type: 'stock',
        key: z.string(),
        messages: { Look: { input: Nothing, readOnly: true } },
      });
    expect(deaf).to.throw(TypeError, "actor 'stock': Look: it is read-only, and nobody hears what it reads");
  });

  it('leave their place among the turns of a node to those that they wait for', async () => {
    const a = open({ maxTurns: 1 });
    expect(await a.ask('Ask', { other: 'b' })).to.deep.equal({ total: 0 });
  });

  it('have interceptors of their own, as asynchronous as they are', async () => {
    const order: string[] = [];
    cluster = createTestCluster({
      actors: [
        {
          store,
          actor: defineActor(Stock, {
            state: Total,
            initial: () => ({ total: 7 }),
            receive: {
              Add: (turn) => turn.state,
              Get: ({ state, requestId }) => (order.push(`read for ${requestId}`), state),
              Appraise: ({ state }) => state,
              Fail: ({ state }) => state,
              Refuse: ({ state }) => state,
              Lie: ({ state }) => state,
              Meddle: ({ state }) => state,
              Ask: ({ state }) => state,
            },
          }),
        },
      ],
      interceptors: {
        node: [
          {
            handle: (message, next) => (order.push(`handled ${message.message}`), next(message)),
            async read(message, next) {
              order.push(`begins ${message.message}`);
              const answer = await next({ ...message, requestId: 'other' });
              order.push('ends');
              return answer;
            },
          },
        ],
      },
    });
    expect(await cluster.ref(Stock, 'a').ask('Get', {}, { requestId: 'r' })).to.deep.equal({ total: 7 });
    expect(order).to.deep.equal(['begins Get', 'read for other', 'ends']);
  });
});
