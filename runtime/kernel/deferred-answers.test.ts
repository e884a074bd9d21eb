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
  receive: {
    Enter: (turn, { name }) => turn.defer(name),
    Open(turn, { name }) {
      turn.answerWaiting(
        ({ tag }) => ({ entered: tag }),
        ({ tag }) => tag === name,
      );
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
  beforeEach(() => {
    cluster = createTestCluster({ actors: [{ actor: gate, store: new MemoryStateStore() }] });
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
});
