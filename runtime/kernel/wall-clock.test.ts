import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const second = 1_000;
const hour = 3_600 * second;

const State = z.object({ done: z.array(z.string()) });
const Chore = defineContract({
  type: 'chore',
  key: z.string(),
  messages: {
    Do: { input: z.object({ delayMs: z.int(), hangs: z.boolean().optional() }) },
    Remind: { input: z.object({ delayMs: z.int() }) },
    Note: { input: z.object({}) },
  },
});

describe('a wall clock that is set', () => {
  let cluster: TestCluster;
  let store: MemoryStateStore;
  let logged: string[];

  beforeEach(async () => {
    store = new MemoryStateStore();
    const { logger, messages } = recordMessages('info');
    logged = messages;
    const chore = (node: string) =>
      defineActor(Chore, {
        state: State,
        initial: () => ({ done: [] as string[] }),
        effects: {
          Do: ({ hangs }: { hangs?: boolean | undefined }) =>
            hangs === true && node === 'node-1' ? new Promise<void>(() => undefined) : Promise.resolve(),
        },
        receive: {
          Do: (turn, { delayMs, hangs }) => turn.perform('Do', { hangs }, { delayMs }),
          Remind: (turn, { delayMs }) => turn.remind('Note', {}, { delayMs }),
          Note: (turn) => turn.set({ done: [...turn.state.done, 'noted'] }),
        },
        onResult: { Do: (turn) => turn.set({ done: [...turn.state.done, 'done'] }) },
      });
    cluster = createTestCluster({
      shards: 2,
      actors: ({ node }) => [{ actor: chore(node), store }],
      logger,
      limits: { idleMs: 20 * second },
    });
    await cluster.advance(second);
  });
  afterEach(() => cluster.close());

  const chore = () => cluster.refs.ref(Chore, 'a');
  const done = async () => ((await store.load('a'))?.record.state as z.infer<typeof State> | undefined)?.done;
  const setBack = () => cluster.clock.setWallClock(-hour);

  it('back, does not put off an effect of an actor in memory, and the log tells of it', async () => {
    await chore().tell('Do', { delayMs: 5 * second });
    await cluster.advance(second);
    setBack();
    await cluster.advance(4 * second);
    expect(await done()).to.deep.equal(['done']);
    expect(logged).to.deep.equal(['the clock was set back by 3600 s']);
  });

  it('back, does not put off what a node had under way that dies afterwards', async () => {
    await chore().tell('Do', { delayMs: 0, hangs: true });
    await cluster.advance(second);
    setBack();
    cluster.crash();
    await cluster.advance(15 * second);
    expect(await done()).to.deep.equal(['done']);
  });

  it('back while no node is alive, puts off neither an effect for later nor a message', async () => {
    await chore().tell('Do', { delayMs: 5 * second });
    await cluster.advance(second);
    cluster.nodes[0]!.crash();
    await chore().tell('Note', {});
    await cluster.advance(5 * second);
    setBack();
    cluster.startNode();
    await cluster.advance(second);
    expect(await done()).to.deep.equal(['noted']);
    await cluster.advance(15 * second);
    expect(await done()).to.deep.equal(['noted', 'done']);
  });

  it('back, lets a reminder of an actor that has left memory come within the time that it was set for', async () => {
    await chore().tell('Remind', { delayMs: 300 * second });
    await cluster.advance(60 * second);
    expect(cluster.nodes[0]!.activations).to.equal(0);
    setBack();
    await cluster.advance(310 * second);
    expect(await done()).to.deep.equal(['noted']);
  });

  it('back while the store is away, lets it come so, too', async () => {
    await chore().tell('Remind', { delayMs: 300 * second });
    await cluster.advance(60 * second);
    const [node] = cluster.nodes;
    node!.partition({ from: ['store'], calls: 'fail' });
    setBack();
    await cluster.advance(20 * second);
    node!.heal();
    await cluster.advance(310 * second);
    expect(await done()).to.deep.equal(['noted']);
  });

  it('back, keeps far reminders far', async () => {
    await chore().tell('Remind', { delayMs: 3 * hour });
    setBack();
    await cluster.advance(3 * hour - 10 * second);
    expect(await done()).to.deep.equal([]);
    await cluster.advance(20 * second);
    expect(await done()).to.deep.equal(['noted']);
  });

  it('forward, brings what is for later, and forgets nothing', async () => {
    await chore().tell('Do', { delayMs: 5 * second });
    await chore().tell('Remind', { delayMs: 2 * hour });
    await cluster.advance(second);
    cluster.clock.setWallClock(hour);
    await cluster.advance(4 * second);
    expect(await done()).to.deep.equal(['done']);
    await cluster.advance(2 * hour);
    expect(await done()).to.deep.equal(['done', 'noted']);
  });
});
