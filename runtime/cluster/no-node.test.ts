import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createLogActor, Log } from '../testing/model/log-actor.ts';
import type { Transit } from '../testing/network.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
import { createTestCluster, type TestCluster, type TestClusterOptions } from '../testing/test-cluster.ts';

const leaseMs = 3_000;

const Door = defineContract({
  type: 'door',
  key: z.string(),
  messages: { Enter: { input: z.object({}), output: z.string() }, Open: { input: z.object({}) } },
});
const door = defineActor(Door, {
  state: z.object({}),
  initial: () => ({}),
  receive: {
    Enter: (turn) => turn.defer(),
    Open: (turn) => turn.answerWaiting({ Enter: () => 'entered' }),
  },
});

describe('an ask when no node is alive', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  let logged: string[];

  beforeEach(async () => {
    store = new MemoryStateStore();
    await start();
  });
  afterEach(() => cluster.close());

  async function start(options: Partial<TestClusterOptions> = {}): Promise<void> {
    const { logger, messages } = recordMessages('info');
    logged = messages;
    cluster = createTestCluster({
      shards: 1,
      actors: ({ refs }) => [{ actor: createLogActor(refs, true), store }],
      logger,
      ...options,
    });
    await cluster.advance(1_000);
  }

  const log = () => cluster.refs.ref(Log, 'a');
  const append = (n: number) => log().ask('Append', { n }, { messageId: String(n) });
  const kill = () => cluster.nodes[0]!.crash();
  const seen = async () => (await log().ask('Read', {})).seen;
  const refused = async (ask: Promise<unknown>) => {
    const asked = cluster.clock.monotonic();
    const error = await ask.catch((thrown: unknown) => thrown);
    const { code, message } = error as { code: string; message: string };
    return { code, message, within2Leases: cluster.clock.monotonic() - asked <= 2 * leaseMs };
  };

  it('is refused within two leases after the kill, with the reason, and is not handled later', async () => {
    await append(1);
    kill();
    const inlined = refused(append(2));
    const behind = refused(append(3));
    expect(await inlined).to.deep.equal({
      code: 'unavailable',
      message: 'log a: Append was not answered, and its outcome is unknown: no node holds shard 0',
      within2Leases: true,
    });
    expect(await behind).to.deep.equal({
      code: 'unavailable',
      message: 'log a: Append was not handled: no node holds shard 0',
      within2Leases: true,
    });
    cluster.startNode();
    expect(await seen()).to.deep.equal([1]);
  });

  it('is refused as soon when none has been alive for long, and the log tells it once until one is', async () => {
    kill();
    await cluster.advance(60_000);
    for (const n of [1, 2])
      expect(await refused(append(n))).to.include({ code: 'unavailable', within2Leases: true });
    expect(logged.filter((line) => line.includes('shard'))).to.deep.equal(['no node holds shard 0']);
    cluster.startNode();
    expect(await append(3)).to.deep.equal({ seen: [3] });
    await cluster.advance(1_000);
    kill();
    await refused(append(4));
    expect(logged.filter((line) => line.includes('shard'))).to.deep.equal([
      'no node holds shard 0',
      'nodes hold the shards again',
      'no node holds shard 0',
    ]);
  });

  it('is told of in the log once for all shards, at the first and after the last', async () => {
    await cluster.close();
    await start({ shards: 8 });
    kill();
    const ids = Array.from({ length: 30 }, (_, i) => `log ${i}`);
    const read = (id: string) => cluster.refs.ref(Log, id).ask('Read', {});
    for (const id of ids) expect(await refused(read(id))).to.include({ code: 'unavailable' });
    cluster.startNode();
    for (const id of ids) await read(id);
    await cluster.advance(5_000);
    expect(
      logged.filter((line) => line.includes('shard')).map((line) => line.replace(/\d[\d, ]*/, 'N')),
    ).to.deep.equal(['no node holds shard N', 'nodes hold the shards again']);
  });

  it('can be asked again under the same id, and counts once', async () => {
    kill();
    await refused(append(1));
    cluster.startNode();
    expect(await append(1)).to.deep.equal({ seen: [1] });
    expect(await append(1)).to.deep.equal({ seen: [1] });
  });

  it('counts once, too, when the node had handled it and died before its answer left', async () => {
    let written = false;
    store.faults.afterWrite = () => {
      written = true;
      kill();
    };
    const asked = await refused(append(1));
    store.faults.afterWrite = () => undefined;
    expect([written, asked.code, asked.message.includes('unknown')]).to.deep.equal([
      true,
      'unavailable',
      true,
    ]);
    cluster.startNode();
    expect(await append(1)).to.deep.equal({ seen: [1] });
    expect(await seen()).to.deep.equal([1]);
  });

  it('waits for a node that starts within its patience', async () => {
    kill();
    const asked = append(1);
    await cluster.advance(leaseMs + 1_500);
    cluster.startNode();
    expect(await asked).to.deep.equal({ seen: [1] });
  });

  it('waits for another node to take over, and hears nothing of it', async () => {
    cluster.startNode();
    await cluster.advance(1_000);
    const [owner] = cluster.nodes.filter(({ shards }) => shards > 0);
    owner!.crash();
    expect(await append(1)).to.deep.equal({ seen: [1] });
    expect(logged.filter((line) => line.includes('no node'))).to.deep.equal([]);
  });

  it('goes on waiting for an answer that was deferred, which a later node gives', async () => {
    await cluster.close();
    await start({ actors: [{ actor: door, store }] });
    const a = cluster.refs.ref(Door, 'a');
    const waiting = a.ask('Enter', {}, { timeoutMs: 60_000 });
    await cluster.runUntilIdle();
    kill();
    await a.tell('Open', {});
    cluster.clock.schedule(20_000, () => cluster.startNode());
    expect(await waiting).to.equal('entered');
  });

  it('leaves what was told in the mailbox', async () => {
    kill();
    await log().tell('Note', { n: 1 });
    await cluster.advance(60_000);
    cluster.startNode();
    expect(await seen()).to.deep.equal([1]);
  });

  it('is not refused while the registry cannot be reached: then nothing is known', async () => {
    const lost = ({ port, operation }: Transit) => port === 'registry' && operation === 'holder';
    cluster.network.fate = (transit) => (lost(transit) ? 'lose' : undefined);
    kill();
    expect(await log().ask('Append', { n: 1 }, { timeoutMs: 20_000 }).catch(codeOf)).to.equal(
      'deadline_exceeded',
    );
  });

  it('is refused to all who ask under one id, of which the message is one', async () => {
    kill();
    const outcomes = await Promise.all([refused(append(1)), refused(append(1))]);
    expect(outcomes.map(({ code }) => code)).to.deep.equal(['unavailable', 'unavailable']);
  });
});
