import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Nothing = z.object({});
const Jobs = z.object({ done: z.int() });

const jobOf = (type: string, idleMs: number | undefined, work: () => Promise<void>) => {
  const contract = defineContract({
    type,
    key: z.string(),
    messages: {
      Count: { input: Nothing, output: Jobs, readOnly: true },
      Run: { input: Nothing, output: Jobs },
      RunLater: { input: z.object({ delayMs: z.int() }), output: Nothing },
      WaitFor: { input: Nothing, output: Jobs },
      Answer: { input: Nothing, output: Nothing },
    },
  });
  const actor = defineActor(contract, {
    state: Jobs,
    initial: () => ({ done: 0 }),
    ...(idleMs === undefined ? {} : { idleMs }),
    effects: { Work: work },
    receive: {
      Count: async ({ state }) => state,
      Run(turn) {
        turn.perform('Work', undefined);
        return turn.defer();
      },
      RunLater(turn, { delayMs }) {
        turn.perform('Work', undefined, { delayMs });
        return {};
      },
      WaitFor: (turn) => turn.defer(),
      Answer(turn) {
        turn.answerWaiting({ WaitFor: () => turn.state });
        return {};
      },
    },
    onResult: {
      Work(turn) {
        turn.set({ done: turn.state.done + 1 });
        turn.answerWaiting({ Run: () => ({ done: turn.state.done }) });
      },
    },
  });
  return { contract, hosted: { actor, store: new MemoryStateStore() } };
};

describe('an actor whose type has an idle time of its own', () => {
  let cluster: TestCluster;
  let left: string[];
  /** What the effect under way waits for. */
  let workEnds: Promise<void>;
  let endWork: () => void;
  const work = () => workEnds;
  let short: ReturnType<typeof jobOf>;
  let long: ReturnType<typeof jobOf>;
  let usual: ReturnType<typeof jobOf>;

  beforeEach(async () => {
    left = [];
    workEnds = new Promise((resolve) => (endWork = resolve));
    [short, long, usual] = [
      jobOf('short', 2_000, work),
      jobOf('long', 600_000, work),
      jobOf('usual', undefined, work),
    ];
    cluster = createTestCluster({
      actors: [short, long, usual].map(({ hosted }) => hosted),
      limits: { idleMs: 20_000, storePatienceMs: 60_000 },
      observer: { passivated: ({ id }, why) => left.push(`${id}: ${why}`) },
    });
    await cluster.ref(usual.contract, 'first').ask('Count', {});
  });
  afterEach(() => cluster.close());

  const near = (key: string) => {
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('no node runs');
    return node.refs.ref(short.contract, key);
  };

  it('leaves memory after it, or after that of its node where that is less', async () => {
    await Promise.all(
      [short, long, usual].map(({ contract }) => cluster.ref(contract, 'a').ask('Count', {})),
    );
    await cluster.advance(5_000);
    expect(left).to.deep.equal(['short~a: idle']);
    await cluster.advance(20_000);
    expect(left).to.have.members(['short~a: idle', 'long~a: idle', 'usual~a: idle', 'usual~first: idle']);
  });

  it('stays while an effect is under way, and leaves when its outcome has been taken up', async () => {
    const ran = near('a').ask('Run', {});
    await cluster.advance(15_000);
    expect(left).to.not.include('short~a: idle');
    endWork();
    expect(await ran).to.deep.equal({ done: 1 });
    await cluster.advance(5_000);
    expect(left).to.include('short~a: idle');
  });

  it('stays while it soon has something to do by itself', async () => {
    await near('a').ask('RunLater', { delayMs: 15_000 });
    endWork();
    await cluster.advance(14_000);
    expect(left).to.deep.equal([]);
    await cluster.advance(5_000);
    expect(left).to.deep.equal(['short~a: idle']);
    expect(await near('a').ask('Count', {})).to.deep.equal({ done: 1 });
  });

  it('stays while an ask of its process waits for its store', async () => {
    const { faults } = short.hosted.store;
    faults.beforeLoad = () => {
      throw new Error('away');
    };
    const asked = near('b').ask('Run', {});
    await cluster.advance(15_000);
    delete faults.beforeLoad;
    endWork();
    expect(await asked).to.deep.equal({ done: 1 });
    expect(left).to.deep.equal([]);
  });

  it('answers who waits for it also when it has left meanwhile', async () => {
    for (const ref of [near('a'), cluster.ref(short.contract, 'b')]) {
      const waiting = ref.ask('WaitFor', {});
      await cluster.advance(5_000);
      await ref.ask('Answer', {});
      expect(await waiting).to.deep.equal({ done: 0 });
    }
    expect(left).to.include.members(['short~a: idle', 'short~b: idle']);
  });

  it('must be a time', () => {
    for (const idleMs of [0, -1, NaN]) expect(() => jobOf('job', idleMs, work)).to.throw(TypeError, 'idleMs');
  });
});
