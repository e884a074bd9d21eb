import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import type { StateWrite } from '../storage/state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Line = z.object({ productId: z.int(), quantity: z.int(), addedAt: z.string() });
const State = z.object({ lines: z.array(Line), version: z.int() });
const Shelf = defineContract({
  type: 'shelf',
  key: z.string(),
  messages: { Put: { input: z.object({ productId: z.int(), quantity: z.int() }), output: State } },
});

/** Answers as large as those of a full cart: some 4 KB. */
const ShelfActor = defineActor(Shelf, {
  state: State,
  initial: () => ({
    lines: Array.from({ length: 50 }, (_, i) => ({
      ...{ productId: i, quantity: 0, addedAt: new Date(Date.UTC(2026, 0, 1) + 977 * i).toISOString() },
    })),
    version: 0,
  }),
  receive: {
    Put(turn, { productId, quantity }) {
      const lines = turn.state.lines.map((line) =>
        line.productId === productId ? { ...line, quantity } : line,
      );
      turn.set({ lines, version: turn.state.version + 1 });
      return turn.state;
    },
  },
});

const kilobyte = 1024;
const remembered = ({ record: { state: _, ...rest } }: Pick<StateWrite, 'record'>) =>
  JSON.stringify(rest).length;

describe('remembered answers', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  /** Characters of JSON of each write, without the state. */
  let written: number[];
  beforeEach(() => {
    store = new MemoryStateStore();
    written = [];
    store.faults.beforeWrite = ({ record, keepsArchive }) => {
      const { archive: _, ...rest } = record;
      written.push(remembered({ record: keepsArchive === true ? rest : record }));
    };
    cluster = createTestCluster({ actors: [{ actor: ShelfActor, store }] });
  });
  afterEach(() => cluster.close());

  const shelf = () => cluster.refs.ref(Shelf, 'a');
  const put = (n: number, key = `key ${n}`) =>
    shelf().ask('Put', { productId: n % 50, quantity: n }, { idempotencyKey: key });
  const inStore = async () => (await store.load('a')) ?? expect.fail('nothing is stored');
  const average = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0) / sizes.length;

  it('of many changes with keys are few kilobytes, and are given again', async () => {
    const answers: unknown[] = [];
    for (let n = 0; n < 530; n++) answers.push(await put(n));
    expect(remembered(await inStore()), 'characters remembered').to.be.at.most(64 * kilobyte);

    // From the store, as another node has them.
    cluster.crash();
    const { version } = await inStore();
    const again = [];
    for (let n = 0; n < 530; n++) again.push(await put(n).then((answer) => ({ answer }), codeOf));
    const given = again.length - again.lastIndexOf('answer_dropped') - 1;
    expect(again.slice(-given)).to.deep.equal(answers.slice(-given).map((answer) => ({ answer })));
    expect(new Set(again.slice(0, -given)), 'the older ones').to.deep.equal(new Set(['answer_dropped']));
    expect(given, 'answers given again').to.be.at.least(150);
    expect((await inStore()).version, 'applied again').to.equal(version);
    for (const n of [400, 529]) {
      expect(await put(n + 1, `key ${n}`).then(() => 'none', codeOf), `key ${n}`).to.equal(
        'idempotency_key_reused',
      );
    }
  });

  it('are not written again with each turn', async () => {
    for (let n = 0; n < 300; n++) await put(n);
    const [early, late] = [average(written.slice(30, 60)), average(written.slice(270))];
    expect(early, 'a turn of the first').to.be.at.most(24 * kilobyte);
    expect(late, 'a turn of the last').to.be.at.most(32 * kilobyte);
    // Without keys: those of the last turns.
    written.length = 0;
    for (let n = 0; n < 60; n++) await shelf().ask('Put', { productId: 1, quantity: n });
    expect(Math.max(...written.slice(1)), 'a turn without a key').to.be.at.most(28 * kilobyte);
  });

  it('that an older version stored all in the record are taken over with the next change', async () => {
    const answer = { ok: await put(1) };
    const { record, version } = await inStore();
    const applied = Array.from({ length: 512 }, (_, n) => ({
      ...{ id: `k-of-old-${n}`, at: cluster.clock.now(), fingerprint: 'f', answer },
    }));
    const old = { ...record, applied };
    cluster.crash();
    await store.write({ key: 'a', expectedVersion: version, record: old, events: [], now: 0 });
    expect(remembered(await inStore())).to.be.greaterThan(1_000 * kilobyte);
    await put(1_000);
    const { record: next } = await inStore();
    expect(remembered({ record: next })).to.be.at.most(64 * kilobyte);
    expect(next.archive?.flatMap(({ ids }) => ids)).to.include.members(applied.map(({ id }) => id));
  });
});
