import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf, ActorError } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Name = z.object({ name: z.string() });
const Gate = defineContract({
  type: 'gate',
  key: z.string(),
  messages: {
    Enter: { input: Name, output: z.object({ entered: z.string() }) },
    Open: { input: Name, output: z.object({}) },
    Shut: { input: Name, output: z.object({}) },
  },
});

const gate = defineActor(Gate, {
  state: z.object({}),
  initial: () => ({}),
  tags: { Enter: z.string().min(1) },
  receive: {
    Enter: (turn, { name }) => turn.defer(name),
    Open(turn, { name }) {
      turn.answerWaiting({ Enter: ({ tag }) => ({ entered: tag }) }, ({ tag }) => tag === name);
      return {};
    },
    Shut(turn, { name }) {
      turn.refuseWaiting(new ActorError('forbidden', 'shut'), ({ tag }) => tag === name);
      return {};
    },
  },
});

describe('deferred answers', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  beforeEach(() => {
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: [{ actor: gate, store }], shards: 1 });
  });
  afterEach(() => cluster.close());

  it('go to those they are meant for, each in its time, whatever node they asked', async () => {
    const ref = cluster.refs.ref(Gate, 'a');
    const [ann, ben, cat] = ['ann', 'ben', 'cat'].map((name) => ref.ask('Enter', { name }));
    const refused = ben!.then(() => 'entered', codeOf);
    await ref.ask('Open', { name: 'cat' });
    expect(await cat).to.deep.equal({ entered: 'cat' });
    cluster.crash();
    await ref.ask('Shut', { name: 'ben' });
    expect(await refused).to.equal('forbidden');
    await ref.ask('Open', { name: 'ann' });
    expect(await ann).to.deep.equal({ entered: 'ann' });
  });

  it('go to everyone who asked under the same id', async () => {
    const ref = cluster.refs.ref(Gate, 'a');
    const enter = () => ref.ask('Enter', { name: 'ann' }, { messageId: 'one' });
    const first = enter();
    await cluster.runUntilIdle();
    const other = cluster
      .openClient()
      .refs.ref(Gate, 'a')
      .ask('Enter', { name: 'ann' }, { messageId: 'one' });
    await cluster.runUntilIdle();
    await ref.ask('Open', { name: 'ann' });
    for (const answer of [first, other, enter()]) expect(await answer).to.deep.equal({ entered: 'ann' });
  });

  it('are not given for a tag that its schema does not allow: that is a defect, and nobody waits', async () => {
    const ref = cluster.refs.ref(Gate, 'a');
    expect(await ref.ask('Enter', { name: '' }).catch(codeOf)).to.equal('internal');
    const { items: letters } = await cluster.deadLetters.list();
    expect(letters.map(({ reason }) => reason)).to.have.length(1);
    expect(letters[0]?.reason).to.match(/^the tag of Enter is not what its schema says/);
  });

  it('are a refusal for one whose tag or message only an earlier version understood, and nobody waits in vain', async () => {
    const caller = (messageId: string, message: string, tag: unknown) => ({
      messageId,
      message,
      replyTo: 'whoever',
      tag,
    });
    const record = {
      state: {},
      applied: ['m-ann', 'm-ben', 'm-cat'].map((id) => ({ id, at: cluster.clock.now() })),
      effects: [],
      waiting: [
        caller('m-ann', 'Enter', { number: 1 }),
        caller('m-ben', 'Knock', 'ben'),
        caller('m-cat', 'Enter', 'cat'),
      ],
    };
    await store.write({ key: 'a', expectedVersion: 0, record, events: [], now: 0 });
    const ref = cluster.refs.ref(Gate, 'a');
    const enter = (name: string) => ref.ask('Enter', { name }, { messageId: name });
    const [ann, cat] = [enter('ann').catch(codeOf), enter('cat')];
    await cluster.runUntilIdle();
    await ref.ask('Open', { name: 'dan' });
    expect(await ann).to.equal('answer_dropped');
    const { waiting, applied } = (await store.load('a'))!.record;
    expect(waiting.map(({ messageId }) => messageId)).to.deep.equal(['m-cat', 'm-cat']);
    expect(applied.find(({ id }) => id === 'm-ben')).to.have.nested.property(
      'answer.error.code',
      'unknown_message',
    );
    await ref.ask('Open', { name: 'cat' });
    expect(await cat).to.deep.equal({ entered: 'cat' });
  });
});
