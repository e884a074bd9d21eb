import { expect } from 'chai';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createLogActor, Log } from './model/log-actor.ts';
import { describeTransit, type Transit } from './network.ts';
import { createSeededRandom } from './seeded-random.ts';
import { createTestCluster, type TestCluster, type TestClusterOptions } from './test-cluster.ts';

describe('a test cluster', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;

  function start(options: Partial<TestClusterOptions> = {}): TestCluster {
    store = new MemoryStateStore();
    cluster = createTestCluster({
      actors: ({ refs }) => [{ actor: createLogActor(refs, true), store }],
      ...options,
    });
    return cluster;
  }
  afterEach(() => cluster.close());

  const log = (key = 'a') => cluster.refs.ref(Log, key);
  const append = (n: number, key = 'a') => log(key).ask('Append', { n });
  const stored = async (key = 'a') => ((await store.load(key))?.record.state as { seen: number[] }).seen;
  const only = (port: Transit['port'], operation: string, leg: Transit['leg']) => (transit: Transit) =>
    transit.port === port && transit.operation === operation && transit.leg === leg;
  const shardsOf = () => cluster.nodes.map(({ shards }) => shards);

  it('answers without time passing', async () => {
    start();
    const before = cluster.clock.monotonic();
    expect(await append(1)).to.deep.equal({ seen: [1] });
    expect(cluster.clock.monotonic()).to.equal(before);
  });

  it('runs the same way with the same seed, and in other orders with others', async () => {
    const traceWith = async (seed: number) => {
      start({ nodes: 3, seed, latencyMs: 20 });
      const trace: string[] = [];
      cluster.network.fate = (transit) => void trace.push(describeTransit(transit));
      await Promise.all(['a', 'b', 'c'].map((key) => append(1, key)));
      await cluster.close();
      return trace.join('\n');
    };
    const [one, again, other] = [await traceWith(1), await traceWith(1), await traceWith(2)];
    expect(again).to.equal(one);
    expect(other).to.not.equal(one);
  });

  it('stands still in manual time until it is moved', async () => {
    start({ time: 'manual' });
    let answered = false;
    const asked = append(1).then(() => (answered = true));
    await new Promise(setImmediate);
    expect([answered, cluster.network.arrivals().length > 0]).to.deep.equal([false, true]);
    await cluster.runUntilIdle();
    expect(await asked).to.equal(true);
  });

  it('shares the shards among its nodes, and hands them over when one stops', async () => {
    start({ nodes: 2, shards: 16 });
    await cluster.advance(2_000);
    const [one, two] = shardsOf();
    expect([one! > 0, two! > 0, one! + two!]).to.deep.equal([true, true, 16]);
    const asked = Promise.all(['a', 'b', 'c', 'd'].map((key) => append(1, key)));
    await cluster.nodes[0]!.stop();
    expect(await asked).to.have.length(4);
    await cluster.advance(2_000);
    expect(shardsOf()).to.deep.equal([16]);
  });

  it('takes over from a node that crashed, once its leases have run out', async () => {
    start({ nodes: 2 });
    const asked = [1, 2, 3].map((n) => append(n));
    cluster.network.fate = (transit) => {
      if (!only('store', 'write', 'reply')(transit)) return;
      cluster.network.fate = undefined;
      cluster.nodes.find(({ name }) => name === transit.process)?.crash();
      return 'deliver';
    };
    await Promise.all(asked);
    expect(await stored()).to.deep.equal([1, 2, 3]);
    expect(cluster.nodes).to.have.length(1);
  });

  it('fences a node that was frozen in a turn and thaws when another has taken over', async () => {
    start({ nodes: 2 });
    let frozen = '';
    cluster.network.fate = (transit) => {
      if (frozen === '' && only('store', 'write', 'request')(transit)) {
        frozen = transit.process;
        cluster.nodes.find(({ name }) => name === frozen)?.freeze();
      }
      return undefined;
    };
    await Promise.all([1, 2, 3].map((n) => append(n)));
    await cluster.advance(10_000);
    expect(cluster.nodes.find(({ name }) => name === frozen)?.state).to.equal('frozen');
    await append(4);
    cluster.nodes.find(({ name }) => name === frozen)?.thaw();
    await cluster.advance(10_000);
    await append(5);
    expect(await stored()).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('gives up the shards of a node that cannot reach the registry', async () => {
    start({ nodes: 2 });
    await cluster.advance(2_000);
    const [one] = cluster.nodes;
    one!.partition({ from: ['registry'] });
    await cluster.advance(10_000);
    expect(shardsOf()).to.deep.equal([0, 4]);
    one!.heal();
    await cluster.advance(10_000);
    expect(shardsOf()[0]).to.be.greaterThan(0);
  });

  it('delivers the calls of a hanging connection when it heals', async () => {
    start();
    await append(1);
    const [node] = cluster.nodes;
    node!.partition({ from: ['store'], calls: 'hang' });
    const asked = log().ask('Append', { n: 2 }, { timeoutMs: 60_000 });
    void asked.catch(() => undefined);
    await cluster.advance(1_000);
    expect(await stored()).to.deep.equal([1]);
    node!.heal();
    expect(await asked).to.deep.equal({ seen: [1, 2] });
  });

  it('finds by its sweep what lost wake-ups left, and makes nothing of doubled ones', async () => {
    start();
    for (const fate of ['lose', 'double'] as const) {
      cluster.network.fate = ({ port }) => (port === 'wake-ups' ? fate : undefined);
      await append(fate === 'lose' ? 1 : 2);
      await log().tell('Note', { n: fate === 'lose' ? 11 : 12 });
    }
    await cluster.advance(5_000);
    expect(await stored()).to.deep.equal([1, 11, 2, 12]);
  });

  it('asks again for what was lost on its way', async () => {
    start({ nodes: 2 });
    const random = createSeededRandom(3);
    cluster.network.fate = ({ port }) => (port !== 'timer' && random() < 0.1 ? 'lose' : undefined);
    for (const n of [1, 2, 3]) {
      const ask = () => log().ask('Append', { n }, { messageId: `append-${n}`, timeoutMs: 5_000 });
      while ((await ask().catch(() => undefined)) === undefined);
    }
    expect(await stored()).to.deep.equal([1, 2, 3]);
  });

  it('says so when what is awaited never happens', async () => {
    start();
    const error: unknown = await cluster
      .settled(new Promise(() => undefined))
      .catch((reason: unknown) => reason);
    expect(String(error)).to.include('an hour');
  });
});
