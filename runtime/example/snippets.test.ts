import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { z } from 'zod';
import {
  ActorError,
  codeOf,
  defineActor,
  defineContract,
  runtimeCodes,
  type ClientInterceptor,
  type Inspection,
  type NodeInterceptor,
  type StateStore,
} from '@trolley/runtime';
import { createRuntimeTracing } from '@trolley/runtime/opentelemetry';
import { createRuntimeMetrics } from '@trolley/runtime/prometheus';
import { createTestCluster, MemoryStateStore, type TestCluster } from '@trolley/runtime/testing';

/*
 * What the README of the runtime shows and the bank account has no use for.
 */

const Wallet = defineContract({
  type: 'wallet',
  key: z.string().min(1),
  messages: {
    Add: { input: z.object({ cents: z.int() }), output: z.object({ cents: z.int() }) },
    Burn: { input: z.object({}) },
    Save: { input: z.object({ cents: z.int() }), output: z.object({}) },
    PutAside: { input: z.object({ cents: z.int() }) },
    Worth: { input: z.object({ in: z.string() }), output: z.object({ cents: z.int() }), readOnly: true },
  },
});

/** Asks a service for a rate. */
const rateOf = async (from: string, to: string, { signal }: { readonly signal: AbortSignal }) => {
  signal.throwIfAborted();
  return from === to ? 1 : 2;
};

const monthMs = 30 * 24 * 3_600_000;

const Money = z.object({ cents: z.int(), currency: z.string() });

const wallet = defineActor(Wallet, {
  version: 2,
  state: z.object({ money: Money }),
  migrate(stored) {
    // Version 1 knew one currency.
    const { cents } = z.object({ cents: z.int() }).parse(stored);
    return { money: { cents, currency: 'EUR' } };
  },
  initial: () => ({ money: { cents: 0, currency: 'EUR' } }),
  receive: {
    Add(turn, { cents }) {
      const money = { ...turn.state.money, cents: turn.state.money.cents + cents };
      turn.set({ money });
      turn.publish({ type: 'MoneyAdded', partitionKey: turn.key, payload: { cents } });
      return { cents: money.cents };
    },
    async Worth(turn, { in: currency }) {
      const { cents, currency: own } = turn.state.money;
      return { cents: cents * (await rateOf(own, currency, turn)) };
    },
    Burn() {
      throw new Error('a wallet does not burn');
    },
    Save(turn, { cents }) {
      turn.remind('PutAside', { cents }, { delayMs: monthMs });
      return {};
    },
    PutAside(turn, { cents }) {
      const { money } = turn.state;
      turn.set({ money: { ...money, cents: money.cents - cents } });
      turn.remind('PutAside', { cents }, { delayMs: monthMs });
    },
  },
});

/** The wallets of others are none of a user's business. */
const ownWalletOnly = (user: () => string): ClientInterceptor => ({
  async ask(ask, next) {
    if (ask.key !== user()) throw new ActorError('forbidden', `this wallet is not ${user()}'s`);
    return next(ask);
  },
});

const metrics = (histogram: { observe(labels: object, ms: number): void }): NodeInterceptor => ({
  handle(message, next) {
    const startedAt = performance.now();
    try {
      return next(message);
    } finally {
      const { type, message: name } = message;
      histogram.observe({ type, name }, performance.now() - startedAt);
    }
  },
});

const measured = (registry: Registry, store: StateStore) => {
  const metrics = createRuntimeMetrics({ registry });
  return {
    connect: { interceptors: [metrics.client] },
    hosted: { actor: wallet, store: metrics.store('wallet', store) },
    host: { observer: metrics.observer },
  };
};

const traced = (provider: TracerProvider, store: StateStore) => {
  const tracing = createRuntimeTracing({ provider });
  const database = { system: 'sqlite', collection: 'actor_wallet' };
  return {
    connect: { interceptors: [tracing.client] },
    hosted: { actor: wallet, store: tracing.store('wallet', store, database) },
    host: { interceptors: [tracing.node], observer: tracing.observer },
  };
};

/** What an operator may do about the deepest mailbox of a cluster. */
async function lookAtDeepest({ mailboxes, actors }: Inspection): Promise<unknown> {
  const [deepest] = (await mailboxes.list({ order: 'deepest', limit: 1 })).items;
  if (deepest === undefined) return undefined;
  const { type, key } = deepest;
  const { state, effects, failures } = await actors.inspect(type, key);
  if (failures.length > 0) await actors.passivate(type, key);
  return { state, effects };
}

describe('what the README shows', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  beforeEach(() => {
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: [{ actor: wallet, store }], nodes: 2 });
  });
  afterEach(() => cluster.close());

  it('lists each code of the runtime, and whether to try again', () => {
    const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
    const listed = readme.matchAll(/^\| `([a-z_]+)` \| (never|backoff) \|/gm);
    expect([...listed].map(([, code, retry]) => [code, retry])).to.deep.equal(Object.entries(runtimeCodes));
  });

  it('migrates a state of version 1', async () => {
    const record = { state: { cents: 500 }, applied: [], effects: [], waiting: [] };
    await store.write({ key: 'ann', expectedVersion: 0, record, events: [], now: 0 });
    expect(await cluster.refs.ref(Wallet, 'ann').add({ cents: 1 })).to.deep.equal({ cents: 501 });
  });

  it('publishes an event with the state, once', async () => {
    const wallet = cluster.refs.ref(Wallet, 'ann');
    await wallet.add({ cents: 500 }, { idempotencyKey: 'order-17' });
    await wallet.add({ cents: 500 }, { idempotencyKey: 'order-17' });
    expect(store.published.map(({ type }) => type)).to.deep.equal(['MoneyAdded']);
  });

  it('reads what it has, and waits for what that is worth', async () => {
    const wallet = cluster.refs.ref(Wallet, 'ann');
    await wallet.ask('Add', { cents: 500 });
    expect(await wallet.ask('Worth', { in: 'USD' })).to.deep.equal({ cents: 1_000 });
  });

  it('keeps a message that breaks as a dead letter', async () => {
    await cluster.refs.ref(Wallet, 'ann').burn();
    await cluster.advance(1_000);
    const { items } = await cluster.deadLetters.list({ type: 'wallet', limit: 50 });
    for (const { id, reason } of items) {
      if (reason === 'a wallet does not burn') await cluster.deadLetters.discard(id);
      else await cluster.deadLetters.replay(id);
    }
    expect(await cluster.deadLetters.list()).to.deep.equal({ items: [] });
  });

  it('replays dead letters by filter, once it was seen which they are', async () => {
    await cluster.refs.ref(Wallet, 'ann').burn();
    await cluster.advance(1_000);
    const { deadLetters, clock } = cluster;
    const meant = { type: 'wallet', reason: 'burn', olderThan: clock.now() };
    const { items } = await deadLetters.replayAll(meant, { dryRun: true });
    if (items.length < 100) await deadLetters.replayAll(meant);
    expect(await deadLetters.list()).to.deep.equal({ items: [] });
    await cluster.advance(1_000);
    expect((await deadLetters.list()).items).to.have.length(1);
  });

  it('lets an operator find what is deep, look at it and act', async () => {
    await cluster.advance(1_000);
    await cluster.refs.ref(Wallet, 'ann').add({ cents: 500 });
    expect(await lookAtDeepest(cluster.inspection)).to.equal(undefined);
    await cluster.refs.ref(Wallet, 'ann').tell('Add', { cents: 5 }, { delayMs: 60_000 });
    const json = '{"money":{"cents":500,"currency":"EUR"}}';
    expect(await lookAtDeepest(cluster.inspection)).to.deep.equal({
      state: { json, bytes: json.length, isCut: false },
      effects: [],
    });
    const { answer } = await cluster.inspection.actors.send('wallet', 'ann', 'Add', { cents: 1 });
    expect(answer).to.deep.equal({ cents: 501 });
  });

  it('reminds itself, and is told something for later', async () => {
    const wallet = cluster.refs.ref(Wallet, 'ann');
    await wallet.save({ cents: 100 });
    await wallet.tell('Add', { cents: 500 }, { delayMs: 60_000 });
    const [wanted] = (await store.load('ann'))?.record.effects ?? [];
    expect(wanted?.notBefore).to.be.greaterThan(cluster.clock.now() + monthMs - 60_000);
    await cluster.advance(90_000);
    expect((await store.load('ann'))?.record.state).to.deep.equal({ money: { cents: 500, currency: 'EUR' } });
  });

  it('stops at a message that fails, until it is released', async () => {
    const careful = defineActor(Wallet, { ...wallet.definition, onPoison: 'park' });
    const parking = createTestCluster({ actors: [{ actor: careful, store }] });
    const ann = parking.refs.ref(Wallet, 'ann');
    await ann.burn();
    await parking.advance(1_000);
    expect(await ann.add({ cents: 1 }).then(() => 'answered', codeOf)).to.equal('unavailable');
    const { parked } = parking;
    for (const { key } of (await parked.list()).items) await parked.release(Wallet, key, 'give-up');
    expect(await ann.add({ cents: 1 })).to.deep.equal({ cents: 1 });
    await parking.close();
  });

  it('makes nodes fail in every way', async () => {
    await cluster.advance(2_000);
    const [one, two] = cluster.nodes;
    const asked = cluster.refs.ref(Wallet, 'ann').add({ cents: 1 }, { timeoutMs: 60_000 });
    one?.freeze();
    two?.partition({ from: ['store'], calls: 'hang' });
    await cluster.advance(10_000);
    two?.heal();
    expect(await asked).to.deep.equal({ cents: 1 });
    one?.thaw();
    await cluster.advance(10_000);
    expect(cluster.nodes.map(({ state }) => state)).to.deep.equal(['running', 'running']);
  });

  it('stands around what is asked and handled', async () => {
    const observed: object[] = [];
    const histogram = { observe: (labels: object) => observed.push(labels) };
    const watched = createTestCluster({
      actors: [{ actor: wallet, store }],
      interceptors: { client: [ownWalletOnly(() => 'ann')], node: [metrics(histogram)] },
    });
    const add = (key: string) => watched.refs.ref(Wallet, key).ask('Add', { cents: 1 });
    expect(await add('ann')).to.deep.equal({ cents: 1 });
    expect(await add('ben').then(() => 'answered', codeOf)).to.equal('forbidden');
    expect(observed).to.deep.equal([{ type: 'wallet', name: 'Add' }]);
    await watched.close();
  });

  it('counts what is asked', async () => {
    const registry = new Registry();
    const { connect, hosted, host } = measured(registry, store);
    const counted = createTestCluster({
      actors: [hosted],
      interceptors: { client: connect.interceptors },
      ...host,
    });
    await counted.refs.ref(Wallet, 'ann').ask('Add', { cents: 1 });
    await counted.close();
    const text = await registry.metrics();
    expect(text).to.include(
      'trolley_ask_duration_seconds_count{actor="wallet",message="Add",outcome="ok"} 1',
    );
    expect(text).to.include('trolley_activations_total{actor="wallet"} 1');
  });

  it('traces what is asked', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const { connect, hosted, host } = traced(provider, store);
    const watched = createTestCluster({
      actors: [hosted],
      interceptors: { client: connect.interceptors, node: host.interceptors },
      observer: host.observer,
    });
    await watched.refs.ref(Wallet, 'ann').ask('Add', { cents: 1 });
    await watched.runUntilIdle();
    await watched.close();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).to.have.members([
      ...['ask wallet/Add', 'wait wallet/Add', 'handle wallet/Add'],
      ...['load actor_wallet', 'write actor_wallet'],
    ]);
  });

  it('loses what a test wants lost', async () => {
    cluster.network.fate = ({ port, leg }) => (port === 'inbox' && leg === 'reply' ? 'lose' : undefined);
    const options = { idempotencyKey: 'order-17', timeoutMs: 1_000 };
    const asked = cluster.refs.ref(Wallet, 'ann').add({ cents: 1 }, options);
    expect(await asked.then(() => 'answered', codeOf)).to.equal('deadline_exceeded');
    cluster.network.fate = undefined;
    expect(await cluster.refs.ref(Wallet, 'ann').add({ cents: 1 }, options)).to.deep.equal({
      cents: 1,
    });
  });
});
