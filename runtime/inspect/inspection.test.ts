import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Job = defineContract({
  type: 'job',
  key: z.string().min(1),
  refusals: { too_often: null },
  messages: {
    Run: { input: z.object({ by: z.int() }), output: z.object({ runs: z.int() }) },
    Note: { input: z.object({}) },
    Wait: { input: z.object({}), output: z.object({}) },
    Break: { input: z.object({}) },
    Look: { input: z.object({}), output: z.object({ runs: z.int() }), readOnly: true },
  },
});

const jobActor = (onPoison: 'dead-letter' | 'park') =>
  defineActor(Job, {
    state: z.object({ runs: z.int() }),
    initial: () => ({ runs: 0 }),
    onPoison,
    effects: {
      Call: async (_: { to: string }) => {
        throw new ActorError('unavailable', 'nobody there');
      },
    },
    receive: {
      Run(turn, { by }) {
        turn.set({ runs: turn.state.runs + by });
        return turn.state;
      },
      Note: (turn) => turn.set({ runs: turn.state.runs + 1 }),
      Wait(turn) {
        turn.perform('Call', { to: 'ben' });
        turn.perform('Call', { to: 'ann' }, { id: 'later', delayMs: 90_000 });
        turn.remind('Note', {}, { delayMs: 80_000 });
        return turn.defer();
      },
      Break() {
        throw new Error('broken', { cause: new Error('by a gear') });
      },
      Look: ({ state }) => state,
    },
    onResult: { Call: () => undefined },
  });

describe('what operators see of a cluster', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  const open = async (onPoison: 'dead-letter' | 'park' = 'dead-letter') => {
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: [{ actor: jobActor(onPoison), store }], nodes: 2 });
    // Each node has its share by then.
    await cluster.advance(2_000);
  };
  beforeEach(() => open());
  afterEach(() => cluster.close());

  const job = (key: string) => cluster.ref(Job, key);
  const inspect = (key: string) => cluster.inspection.actors.inspect('job', key);

  describe('an actor', () => {
    it('is shown with its state, as it lies in memory', async () => {
      await job('a').run({ by: 2 });
      const { activation, state, ...report } = await inspect('a');
      expect(report).to.include({ type: 'job', key: 'a', schema: 1, isUnwritten: false });
      expect(report.version).to.be.greaterThan(0);
      expect(report.updatedAt).to.equal(cluster.clock.now());
      expect(activation?.since).to.be.at.most(cluster.clock.now());
      expect(state).to.deep.equal({ json: '{"runs":2}', bytes: 10, isCut: false });
      expect(report.counts).to.deep.equal({ effects: 0, reminders: 0, waiting: 0, applied: 1 });
    });

    it('is read from its store where it is idle, and stays there', async () => {
      await job('a').run({ by: 2 });
      await cluster.advance(120_000);
      for (let look = 0; look < 2; look++) {
        const { activation, state } = await inspect('a');
        expect(activation).to.equal(undefined);
        expect(state?.json).to.equal('{"runs":2}');
      }
      expect(cluster.nodes.map(({ activations }) => activations)).to.deep.equal([0, 0]);
    });

    it('that was never written is shown as it would begin', async () => {
      const { version, state, problem } = await inspect('a');
      expect({ version, state: state?.json, problem }).to.deep.equal({
        version: 0,
        state: '{"runs":0}',
        problem: undefined,
      });
    });

    it('whose state this version cannot read is shown with it, and why', async () => {
      const record = { state: { runs: 'many' }, applied: [], effects: [], waiting: [] };
      await store.write({ key: 'a', expectedVersion: 0, record, events: [], now: 1 });
      const { state, problem } = await inspect('a');
      expect(state?.json).to.equal('{"runs":"many"}');
      expect(problem).to.match(/runs/);
    });

    it('is shown without a state while its store cannot be read', async () => {
      store.faults.beforeLoad = () => Promise.reject(new Error('the disk is gone'));
      const { state, problem } = await inspect('a');
      expect({ state, problem }).to.deep.equal({ state: undefined, problem: 'the disk is gone' });
    });

    it('is shown with what it wants, who waits, and what failed', async () => {
      const asked = job('a').wait({}, { timeoutMs: 1_000, messageId: 'w' }).catch(codeOf);
      expect(await asked).to.equal('deadline_exceeded');
      const report = await inspect('a');
      const { effects, reminders, waiting, failures } = report;
      expect(effects.map(({ name, input, lastError }) => [name, input.json, lastError])).to.deep.equal([
        ['Call', '{"to":"ann"}', 'nobody there'],
      ]);
      expect(effects[0]?.dueAt).to.be.closeTo(cluster.clock.now() + 90_000, 2_000);
      expect(reminders.map(({ name }) => name)).to.deep.equal(['Note']);
      expect(waiting).to.deep.equal([{ messageId: 'm-w', message: 'Wait' }]);
      expect(failures[0]).to.include({
        what: 'effect',
        name: 'Call',
        code: 'unavailable',
        reason: 'nobody there',
      });
    });

    it('is shown with the tries of its messages that failed', async () => {
      await job('a').run({ by: 5 });
      await job('a').break();
      await cluster.advance(30_000);
      const { failures, mailbox } = await inspect('a');
      expect(failures.map(({ what, attempts }) => [what, attempts])).to.deep.equal([
        ['dead letter', undefined],
        ['message', 2],
        ['message', 1],
      ]);
      expect(failures[0]?.reason).to.equal('broken: by a gear');
      expect(mailbox).to.include({ waiting: 0, active: 0, failed: 1 });
      const [letter] = (await cluster.deadLetters.list()).items;
      const opened = await cluster.deadLetters.get(letter?.id ?? '');
      expect(opened?.causes).to.deep.equal(['Error: broken', 'Error: by a gear']);
      expect(opened?.state).to.deep.equal({ json: '{"runs":5}', bytes: 10, isCut: false });
    });

    it('that is parked is shown with why', async () => {
      await cluster.close();
      await open('park');
      await job('a').break();
      await cluster.advance(30_000);
      const { mailbox, activation } = await inspect('a');
      expect(mailbox.parked).to.include({ message: 'Break', attempts: 3 });
      expect(activation).to.equal(undefined);
    });

    it('leaves memory when it is told to, after the turn under way, and loses nothing', async () => {
      const asked = Promise.all([1, 2, 3].map((by) => job('a').run({ by })));
      expect(await cluster.inspection.actors.passivate('job', 'a')).to.be.a('boolean');
      expect((await asked).at(-1)).to.deep.equal({ runs: 6 });
      expect((await inspect('a')).activation).to.not.equal(undefined);
      expect(await cluster.inspection.actors.passivate('job', 'a')).to.equal(true);
      expect((await inspect('a')).activation).to.equal(undefined);
      expect(await cluster.inspection.actors.passivate('job', 'a')).to.equal(false);
      expect(await job('a').look()).to.deep.equal({ runs: 6 });
    });

    it('goes on with its effects when it is told to leave', async () => {
      void job('a')
        .wait({}, { timeoutMs: 500 })
        .catch(() => undefined);
      await cluster.advance(10);
      await cluster.inspection.actors.passivate('job', 'a');
      await cluster.advance(100_000);
      expect((await inspect('a')).counts).to.include({ effects: 0, reminders: 0 });
      expect((await inspect('a')).state?.json).to.equal('{"runs":1}');
    });
  });

  describe('a message by hand', () => {
    const send = (...given: Parameters<TestCluster['inspection']['actors']['send']>) =>
      cluster.inspection.actors.send(...given);

    it('is asked where it has an output', async () => {
      expect(await send('job', 'a', 'Run', { by: 3 }, { messageId: 'x' })).to.deep.equal({
        messageId: 'x',
        answer: { runs: 3 },
      });
    });

    it('is told where it has none', async () => {
      const { messageId, ...sent } = await send('job', 'a', 'Note', {});
      expect(messageId).to.not.equal('');
      expect(sent).to.deep.equal({});
      expect(await job('a').look()).to.deep.equal({ runs: 1 });
    });

    it('counts once under its id', async () => {
      await send('job', 'a', 'Run', { by: 3 }, { messageId: 'x' });
      expect((await send('job', 'a', 'Run', { by: 3 }, { messageId: 'x' })).answer).to.deep.equal({
        runs: 3,
      });
      expect(await job('a').look()).to.deep.equal({ runs: 3 });
    });

    for (const [what, given, code] of [
      ['an input that is not the message’s', ['job', 'a', 'Run', { by: 'two' }], 'invalid_request'],
      ['a key that the contract does not allow', ['job', '', 'Run', { by: 1 }], 'invalid_request'],
      ['an unknown message', ['job', 'a', 'Fly', {}], 'unknown_message'],
      ['a type that no node hosts', ['stranger', 'a', 'Run', {}], 'unknown_actor'],
      ['what is no type', ['Job!', 'a', 'Run', {}], 'invalid_request'],
    ] as const) {
      it(`is refused for ${what}`, async () => {
        const [type, key, message, input] = given;
        expect(await send(type, key, message, input).catch(codeOf)).to.equal(code);
        expect(store.writes).to.equal(0);
      });
    }
  });

  it('says so when no node holds the shard', async () => {
    for (const node of cluster.nodes) node.crash();
    await cluster.advance(10_000);
    const refused = await inspect('a').catch((error: unknown) => error);
    expect(refused).to.include({ code: 'unavailable' });
    expect(String(refused)).to.match(/no node holds shard \d/);
  });

  it('does not wait without end for a node that hangs', async () => {
    for (const node of cluster.nodes) node.freeze();
    expect(await inspect('a').catch(codeOf)).to.equal('deadline_exceeded');
  });

  it('finds an actor wherever its shard went', async () => {
    await job('a').run({ by: 1 });
    const before = (await inspect('a')).node;
    await cluster.nodes.find(({ name }) => name === before)?.stop();
    const after = await inspect('a');
    expect(after.node).to.not.equal(before);
    expect(after.state?.json).to.equal('{"runs":1}');
  });

  it('lists nodes with what they have and do', async () => {
    await cluster.inspection.nodes.list();
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => job(key).run({ by: 1 })));
    await cluster.advance(1_000);
    const nodes = await cluster.inspection.nodes.list();
    expect(nodes.map(({ name }) => name)).to.deep.equal(['node-1', 'node-2']);
    const reporting = nodes.filter((node) => node.isReporting);
    expect(reporting.reduce((sum, { shards }) => sum + shards, 0)).to.equal(4);
    expect(reporting.reduce((sum, { activations }) => sum + (activations['job'] ?? 0), 0)).to.equal(4);
    expect(
      reporting.flatMap(({ busiestKeys }) => busiestKeys.map(({ type, key }) => `${type} ${key}`)).sort(),
    ).to.deep.equal(['job a', 'job b', 'job c', 'job d']);
  });

  it('lists shards with who holds them and since when, and their moves', async () => {
    const before = await cluster.inspection.shards.list();
    expect(before.map(({ shard }) => shard)).to.deep.equal([0, 1, 2, 3]);
    const moving = before.filter(({ lease }) => lease?.node === 'node-1').map(({ shard }) => shard);
    await cluster.advance(5_000);
    await cluster.nodes[0]?.stop();
    await cluster.advance(5_000);
    const after = await cluster.inspection.shards.list();
    expect(after.map(({ lease }) => lease?.node)).to.deep.equal(Array(4).fill('node-2'));
    for (const { lease } of after) expect(lease?.expiresInMs).to.be.within(1, 3_000);
    const moves = await cluster.inspection.shards.moves();
    for (const shard of moving) {
      const [latest, before] = moves.filter((move) => move.shard === shard);
      expect(latest).to.include({ why: 'acquired', from: 'node-1', to: 'node-2' });
      expect(before).to.include({ why: 'released', from: 'node-1' });
    }
    expect(await cluster.inspection.shards.moves(1)).to.have.length(1);
    expect(await cluster.inspection.shards.moves(0).catch(codeOf)).to.equal('invalid_request');
  });

  it('lists contracts with what a form needs', async () => {
    const [contract, ...others] = await cluster.inspection.contracts.list();
    expect(others).to.deep.equal([]);
    expect(contract).to.deep.include({ type: 'job', version: 1, refusals: ['too_often'], effects: ['Call'] });
    const run = contract?.messages.find(({ name }) => name === 'Run');
    expect(run).to.include({ hasOutput: true, readOnly: false });
    expect(run?.input).to.deep.include({ type: 'object', required: ['by'] });
    expect(contract?.messages.find(({ name }) => name === 'Look')?.readOnly).to.equal(true);
    expect(contract?.messages.find(({ name }) => name === 'Note')?.hasOutput).to.equal(false);
  });
});
