import { expect } from 'chai';
import { z } from 'zod';
import {
  type ActorCluster,
  type ClusterNode,
  connect,
  defineActor,
  defineContract,
  silentLogger,
} from '@trolley/runtime';
import { createTestRedis, type TestRedis } from '@trolley/runtime/testing/suites';
import { MemoryStateStore } from '@trolley/runtime/testing';
import { openTestTrolley, type TestTrolley } from './testing/test-trolley.ts';

const Tally = defineContract({
  type: 'tally',
  key: z.string().min(1),
  messages: {
    Add: { input: z.object({ by: z.int() }), output: z.object({ sum: z.int() }) },
    Forget: { input: z.object({}) },
    Break: { input: z.object({}), output: z.object({}) },
  },
});
const tally = defineActor(Tally, {
  state: z.object({ sum: z.int() }),
  initial: () => ({ sum: 0 }),
  onPoison: 'park',
  receive: {
    Add(turn, { by }) {
      turn.set({ sum: turn.state.sum + by });
      return turn.state;
    },
    Forget: (turn) => turn.set({ sum: 0 }),
    Break() {
      throw new Error('a broken gear');
    },
  },
});

describe('npm run trolley on a cluster', () => {
  let server: TestRedis;
  let cluster: ActorCluster;
  let node: ClusterNode;
  let trolley: TestTrolley;

  before(async () => {
    server = await createTestRedis();
    cluster = await connect({ redis: server.url, logger: silentLogger, shards: 4 });
    node = await cluster.host([{ actor: tally, store: new MemoryStateStore() }]);
    await cluster.ref(Tally, 'a').ask('Add', { by: 1 });
  });
  beforeEach(() => {
    trolley = openTestTrolley({ cluster });
  });
  after(async () => {
    await cluster.close();
    await server.flush();
  });

  const eventually = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
  };

  it('lists nodes with what they do', async () => {
    await eventually(async () => (await trolley.json('nodes')).items[0]?.['isReporting'] === true);
    const [found] = (await trolley.json('nodes')).items;
    expect(found).to.include({ name: node.name, shards: 4 });
    trolley.isTTY = true;
    trolley.width = 200;
    trolley.lines = [];
    await trolley.run('nodes');
    expect(trolley.lines[0]).to.match(/^NODE +PROCESS .*TURNS\/S/);
    expect(trolley.lines).to.have.length(2);
  });

  it('lists shards with who holds them, their moves, and types with their messages', async () => {
    const { items } = await trolley.json('shards');
    expect(items.map(({ shard }) => shard)).to.deep.equal([0, 1, 2, 3]);
    expect(items.every(({ lease }) => (lease as { node: string }).node === node.name)).to.equal(true);
    const moves = (await trolley.json('shards moves')).items;
    expect(moves.filter(({ to, why }) => to === node.name && why === 'acquired')).to.have.length(4);
    await trolley.run('types');
    expect(trolley.lines.at(-1)).to.equal('tally\tAdd Forget Break');
  });

  it('shows an actor, sends it a message by hand on record, and has it leave memory', async () => {
    expect(await trolley.runWords(['actors', 'send', 'tally', 'b', 'Add', '{"by":5}'])).to.equal(0);
    expect(JSON.parse(trolley.lines.join('\n'))).to.deep.equal({ sum: 5 });
    expect(trolley.audited).to.deep.equal([
      { action: 'send message', target: 'tally/b', details: { message: 'Add' } },
    ]);
    const [report] = (await trolley.json('actors show tally b')).items;
    expect(report).to.include({ type: 'tally', key: 'b', node: node.name });
    expect(report?.['state']).to.deep.include({ json: '{"sum":5}' });
    expect(await trolley.run('actors passivate tally b')).to.equal(0);
    expect(await trolley.run('actors passivate tally b')).to.equal(1);
    expect(trolley.said.at(-1)).to.equal('tally b was not in memory');
  });

  it('counts a message that is sent again under its id once', async () => {
    for (let n = 0; n < 2; n++)
      await trolley.runWords(['actors', 'send', 'tally', 'c', 'Add', '{"by":2}', '--id', 'once']);
    expect((await trolley.json('actors show tally c')).items[0]?.['state']).to.deep.include({
      json: '{"sum":2}',
    });
  });

  it('finds a parked actor in every list, and releases it', async () => {
    const asked = await cluster
      .ref(Tally, 'stuck')
      .ask('Break', {}, { timeoutMs: 15_000 })
      .catch((error: unknown) => error);
    expect(asked).to.be.an('error');
    await eventually(async () => (await trolley.json('parked')).items.length === 1);
    const [mailbox] = (await trolley.json('mailboxes --state parked')).items;
    expect(mailbox).to.include({ type: 'tally', key: 'stuck', waiting: 1 });
    const [opened] = (await trolley.json('mailboxes show tally stuck')).items;
    expect((opened?.['messages'] as { message: string }[])[0]?.message).to.equal('Break');
    await trolley.run('top');
    expect(trolley.lines.join('\n')).to.match(/STUCK\n {2}0 dead letters, 1 parked actor\n/);
    expect(await trolley.run('parked release tally stuck give-up')).to.equal(0);
    expect((await trolley.json('parked')).items).to.deep.equal([]);
    expect((await trolley.json('dead --type tally')).items[0]).to.include({ key: 'stuck', message: 'Break' });
  }).timeout(30_000);

  it('tells at a glance what it can reach, and what not', async () => {
    await trolley.run('top');
    const text = trolley.lines.join('\n');
    expect(text)
      .to.match(/^NODES\n/)
      .and.to.include('DEEPEST MAILBOXES')
      .and.to.include('BUSIEST ACTORS');
    expect(text).to.match(/OUTBOX\n {2}can't be looked at: PostgreSQL is away/);
    const { items } = await trolley.json('top');
    expect(items.map(({ name }) => name)).to.include.members(['nodes', 'stuck', 'lag']);
    expect(items.find(({ name }) => name === 'outbox')).to.have.property('problem');
  });

  for (const [words, sentence] of [
    [['actors', 'show', 'Tally', 'a'], /Say which actor/],
    [['actors', 'show', 'tally'], /Say which actor/],
    [['actors', 'send', 'tally', 'a'], /Say which message/],
    [['actors', 'send', 'tally', 'a', 'Add', '{'], /The input is no JSON/],
    [['actors', 'send', 'tally', 'a', 'Add', '{"by":"x"}'], /by/],
    [
      ['mailboxes', '--state', 'full'],
      /--state goes with waiting, active, delayed, failed, parked, not full/,
    ],
    [['mailboxes', '--key', 'a'], /--key goes with --type/],
    [['shards', 'moves', '--limit', '201'], /1 to 200/],
  ] as const) {
    it(`says what is wrong with "${words.join(' ')}"`, async () => {
      const problem = await trolley.runWords(words).then(
        (code) => `ended with ${code}`,
        (error: unknown) => String(error),
      );
      expect(problem)
        .to.match(sentence)
        .and.match(/^StartProblem/);
    });
  }
});
