import { expect } from 'chai';
import type { OutboxEvent } from '../../define/actor.ts';
import type { ActorRecord, StateStore, StateWrite } from '../../storage/state-store.ts';

export interface StateStoreUnderTest {
  /** Two stores over the same storage, as two processes have them. */
  readonly stores: readonly [StateStore, StateStore];
  /** A key that was never used. */
  key(): string;
  /** A state as the store's mapping knows it; another one for each number. */
  state(n: number): unknown;
  /** A state that only the storage itself refuses, when there is one. */
  readonly refusedState?: unknown;
  /** The events stored, in order; absent for a store that has no outbox. */
  outbox?(): Promise<readonly StoredEvent[]>;
  close(): Promise<void>;
}

export interface StoredEvent extends OutboxEvent {
  readonly actorKey: string;
}

/** What every state store keeps. */
export function describeStateStore(name: string, open: () => Promise<StateStoreUnderTest>): void {
  describe(`state store: ${name}`, () => {
    const now = Date.UTC(2030, 0, 2, 3, 4, 5, 678);
    let under: StateStoreUnderTest;
    let store: StateStore;

    beforeEach(async () => {
      under = await open();
      [store] = under.stores;
    });
    afterEach(() => under.close());

    const record = (n: number): ActorRecord => ({
      state: under.state(n),
      applied: [],
      effects: [],
      waiting: [],
    });
    const writeOf = (key: string, expectedVersion: number, n: number, more: Partial<StateWrite> = {}) => ({
      key,
      expectedVersion,
      record: record(n),
      events: [],
      now,
      ...more,
    });
    const event = (n: number, key = '7'): OutboxEvent => ({
      type: 'Counted',
      partitionKey: key,
      payload: { n, text: 'ä "quoted" \\ 漢' },
      headers: { traceparent: `00-${n}` },
    });
    const settled = (results: readonly PromiseSettledResult<boolean>[]) =>
      results.map((result) => (result.status === 'fulfilled' ? result.value : 'rejected'));

    it('finds nothing under a key that was never written', async () => {
      expect(await store.load(under.key())).to.equal(undefined);
    });

    it('gives back what was written, with versions from 1', async () => {
      const key = under.key();
      expect(await store.write(writeOf(key, 0, 1))).to.equal(true);
      expect(await store.load(key)).to.deep.equal({ version: 1, updatedAt: now, record: record(1) });
      expect(await store.write(writeOf(key, 1, 2))).to.equal(true);
      expect(await under.stores[1].load(key)).to.deep.equal({
        version: 2,
        updatedAt: now,
        record: record(2),
      });
    });

    it('keeps what the runtime must not forget', async () => {
      const key = under.key();
      const full: ActorRecord = {
        state: under.state(1),
        applied: [
          { id: 'a', at: now, answer: { ok: { total: 12.5, list: [null, 'ä'] } } },
          { id: 'b', at: now, answer: { error: { code: 'conflict', message: 'no' } }, fingerprint: 'f' },
          { id: 'c', at: now },
        ],
        effects: [{ id: 'e', run: 'r', name: 'Charge', input: { cents: 5 }, notBefore: now, requestId: 'q' }],
        waiting: [{ messageId: 'c', message: 'Start', replyTo: 'inbox', tag: { created: true } }],
      };
      await store.write(writeOf(key, 0, 1, { record: full }));
      expect((await store.load(key))?.record).to.deep.equal(full);
    });

    it('keeps an archive apart: until another one, or none, is written', async () => {
      const key = under.key();
      const pages = (n: number) => [
        { at: now, ids: [`k-${n}`, 'k-ä'], messages: `deflated $${n}` },
        { at: n, ids: [] },
      ];
      const archived = (n: number, archive?: ActorRecord['archive']) => ({
        record: archive === undefined ? record(n) : { ...record(n), archive },
      });
      const stored = async () => (await under.stores[1].load(key))?.record;
      await store.write(writeOf(key, 0, 1, archived(1, pages(1))));
      expect(await stored()).to.deep.equal({ ...record(1), archive: pages(1) });
      for (const version of [1, 2]) {
        const kept = { ...archived(version + 1, pages(1)), keepsArchive: true } as const;
        expect(await store.write(writeOf(key, version, 0, kept))).to.equal(true);
        expect(await stored()).to.deep.equal({ ...record(version + 1), archive: pages(1) });
      }
      expect(await store.write(writeOf(key, 1, 9, archived(9, pages(9)))), 'a stale write').to.equal(false);
      expect((await stored())?.archive).to.deep.equal(pages(1));
      await store.write(writeOf(key, 3, 4, archived(4, pages(2))));
      expect(await stored()).to.deep.equal({ ...record(4), archive: pages(2) });
      await store.write(writeOf(key, 4, 5));
      expect(await stored()).to.deep.equal(record(5));
      await store.write(writeOf(key, 5, 6, archived(6, pages(3))));
      await store.write(writeOf(key, 6, 7, { removes: true }));
      await store.write(writeOf(key, 0, 8));
      expect(await stored(), 'after it was removed').to.deep.equal(record(8));
    });

    it('shares nothing with its callers', async () => {
      const key = under.key();
      const effects = [{ id: 'e', run: 'r', name: 'n', input: {}, notBefore: now }];
      const writing = store.write(writeOf(key, 0, 1, { record: { ...record(1), effects } }));
      effects.pop();
      await writing;
      const loaded = await store.load(key);
      expect(loaded?.record.effects, 'changed after write was called').to.have.length(1);
      (loaded?.record.effects as unknown[]).pop();
      expect((await store.load(key))?.record.effects).to.have.length(1);
    });

    for (const { what, stored, expected } of [
      { what: 'a first write where something is stored', stored: 1, expected: 0 },
      { what: 'a version that is stored no more', stored: 3, expected: 2 },
      { what: 'a version that is not yet stored', stored: 1, expected: 2 },
      { what: 'a later version where nothing is stored', stored: 0, expected: 1 },
    ]) {
      it(`refuses ${what}, and changes nothing`, async () => {
        const key = under.key();
        for (let version = 0; version < stored; version++) await store.write(writeOf(key, version, version));
        expect(await store.write(writeOf(key, expected, 99))).to.equal(false);
        const kept =
          stored === 0 ? undefined : { version: stored, updatedAt: now, record: record(stored - 1) };
        expect(await store.load(key)).to.deep.equal(kept);
      });
    }

    it('removes what is there, and begins above all that was', async () => {
      const key = under.key();
      await store.write(writeOf(key, 0, 1));
      await store.write(writeOf(key, 1, 2));
      const remove = (expected: number) => store.write(writeOf(key, expected, 3, { removes: true }));
      expect([await remove(1), await remove(3)]).to.deep.equal([false, false]);
      expect(await store.load(key)).to.deep.equal({ version: 2, updatedAt: now, record: record(2) });
      expect([await remove(2), await remove(2)], 'once').to.deep.equal([true, false]);
      expect(await store.load(key)).to.equal(undefined);
      expect(await store.write(writeOf(key, 0, 4, { firstVersion: 7 }))).to.equal(true);
      expect(await store.write(writeOf(key, 2, 5)), 'who knew the removed one').to.equal(false);
      expect(await under.stores[1].load(key)).to.deep.equal({
        version: 7,
        updatedAt: now,
        record: record(4),
      });
      expect(await store.write(writeOf(key, 7, 6))).to.equal(true);
      expect((await store.load(key))?.version).to.equal(8);
    });

    it('removes some while it writes others, and tells each of its own', async () => {
      const keys = Array.from({ length: 90 }, () => under.key());
      await Promise.all(keys.map((key, n) => store.write(writeOf(key, 0, n))));
      const outcomes = await Promise.all(
        keys.map((key, n) =>
          store.write(
            writeOf(key, n % 2 === 0 ? 1 : 0, 1000 + n, n % 3 === 0 && n % 2 === 0 ? { removes: true } : {}),
          ),
        ),
      );
      expect(outcomes).to.deep.equal(keys.map((_, n) => n % 2 === 0));
      const left = await Promise.all(keys.map((key) => store.load(key)));
      expect(left.map((actor) => actor?.version)).to.deep.equal(
        keys.map((_, n) => (n % 2 === 1 ? 1 : n % 3 === 0 ? undefined : 2)),
      );
    });

    it('lets exactly one of many writers win each version', async () => {
      const key = under.key();
      for (const version of [0, 1, 2]) {
        const writers = Array.from({ length: 24 }, (_, n) =>
          under.stores[n % 2 === 0 ? 0 : 1].write(writeOf(key, version, 100 * version + n)),
        );
        const won = (await Promise.all(writers)).flatMap((written, n) => (written ? [n] : []));
        expect(won, `winners of version ${version + 1}`).to.have.length(1);
        const winner = record(100 * version + (won[0] ?? 0));
        expect(await store.load(key)).to.deep.equal({ version: version + 1, updatedAt: now, record: winner });
      }
    });

    it('loses no update of writers that load, write and try again', async () => {
      const key = under.key();
      const increment = async (from: StateStore): Promise<void> => {
        const version = (await from.load(key))?.version ?? 0;
        if (!(await from.write(writeOf(key, version, version + 1)))) return increment(from);
      };
      const writers = Array.from({ length: 6 }, async (_, n) => {
        for (let i = 0; i < 5; i++) await increment(under.stores[n % 2 === 0 ? 0 : 1]);
      });
      await Promise.all(writers);
      expect(await store.load(key)).to.deep.equal({ version: 30, updatedAt: now, record: record(30) });
    });

    it('writes many actors at once and tells each of its own', async () => {
      const keys = Array.from({ length: 300 }, () => under.key());
      await Promise.all(keys.map((key, n) => store.write(writeOf(key, 0, n))));
      // Every third is stale.
      const second = keys.map((key, n) => store.write(writeOf(key, n % 3 === 0 ? 7 : 1, 1000 + n)));
      expect(await Promise.all(second)).to.deep.equal(keys.map((_, n) => n % 3 !== 0));
      const loaded = await Promise.all(keys.map((key) => store.load(key)));
      expect(loaded.map((actor) => actor?.record)).to.deep.equal(
        keys.map((_, n) => record(n % 3 === 0 ? n : 1000 + n)),
      );
    });

    it('keeps the order of two writes of one actor that do not wait for each other', async () => {
      const key = under.key();
      const both = [store.write(writeOf(key, 0, 1)), store.write(writeOf(key, 1, 2))];
      expect(await Promise.all(both)).to.deep.equal([true, true]);
      expect((await store.load(key))?.version).to.equal(2);
    });

    it('harms no other actor with one that the storage refuses', async function () {
      const { refusedState } = under;
      if (refusedState === undefined) return;
      const bad = { state: refusedState, applied: [], effects: [], waiting: [] };
      const keys = Array.from({ length: 20 }, () => under.key());
      const results = await Promise.allSettled(
        keys.map((key, n) => store.write(writeOf(key, 0, n, n === 13 ? { record: bad } : {}))),
      );
      expect(settled(results)).to.deep.equal(keys.map((_, n) => (n === 13 ? 'rejected' : true)));
      const found = await Promise.all(keys.map((key) => store.load(key)));
      expect(found.map((actor) => actor?.version)).to.deep.equal(
        keys.map((_, n) => (n === 13 ? undefined : 1)),
      );
    });

    it('lists what has something to do, by when the first of it was due', async () => {
      const due = (...times: number[]): ActorRecord => ({
        ...record(1),
        effects: times.map((notBefore, i) => ({
          id: `e${i}`,
          run: `r${i}`,
          name: 'Charge',
          input: {},
          notBefore,
        })),
      });
      const wants = new Map([
        [under.key(), due(now - 2_000, now + 60_000)],
        [under.key(), due(now - 3_000)],
        [under.key(), due(now)],
        [under.key(), due()],
      ]);
      const [second, first, later] = wants.keys();
      await Promise.all(
        [...wants].map(([key, wanted]) => store.write(writeOf(key, 0, 1, { record: wanted }))),
      );
      expect(await store.unfinished(now, 10)).to.deep.equal([first, second]);
      expect(await store.unfinished(now, 1)).to.deep.equal([first]);
      expect(await store.unfinished(now + 1, 10)).to.deep.equal([first, second, later]);
      await store.write(writeOf(String(first), 1, 1));
      expect(await store.unfinished(now, 10)).to.deep.equal([second]);
    });

    it('lists what a clock wrote that was ahead, when it has something to do at any time', async () => {
      const write = (key: string, writtenAt: number, wants: boolean) => {
        const effect = {
          id: 'e',
          run: 'r',
          name: 'Charge',
          input: {},
          notBefore: now + 90_000,
          delayMs: 5_000,
        };
        const wanting = { ...record(1), effects: wants ? [effect] : [] };
        return store.write(writeOf(key, 0, 1, { record: wanting, now: writtenAt }));
      };
      const [early, ahead, idle] = [under.key(), under.key(), under.key()];
      await Promise.all([
        write(early, now, true),
        write(ahead, now + 80_000, true),
        write(idle, now + 80_000, false),
      ]);
      expect(await store.unfinished(now, 10)).to.deep.equal([]);
      expect(await store.unfinished(now, 10, now + 1_000)).to.deep.equal([ahead]);
      expect(await store.unfinished(now, 10, now + 80_001)).to.deep.equal([]);
    });

    it('stores events with the state, in order, and only for what was written', async () => {
      const key = under.key();
      if (under.outbox === undefined) {
        const refused = await store
          .write(writeOf(key, 0, 1, { events: [event(1)] }))
          .catch((e: unknown) => e);
        expect(refused, 'a store without an outbox').to.be.instanceOf(Error);
        expect(await store.load(key)).to.equal(undefined);
        return;
      }
      const other = under.key();
      await store.write(writeOf(other, 0, 1));
      const written = await Promise.all([
        store.write(writeOf(key, 0, 1, { events: [event(1), event(2), event(3)] })),
        store.write(writeOf(other, 0, 2, { events: [event(4)] })),
      ]);
      expect(written).to.deep.equal([true, false]);
      expect(await store.write(writeOf(key, 1, 2, { events: [event(5, '8')] }))).to.equal(true);
      const expected = [event(1), event(2), event(3), event(5, '8')];
      expect(await under.outbox()).to.deep.equal(expected.map((each) => ({ ...each, actorKey: key })));
    });

    it('stores one event per version, however many writers race with one', async () => {
      if (under.outbox === undefined) return;
      const key = under.key();
      const writers = Array.from({ length: 20 }, (_, n) =>
        under.stores[n % 2 === 0 ? 0 : 1].write(writeOf(key, 0, n, { events: [event(n)] })),
      );
      const winner = (await Promise.all(writers)).indexOf(true);
      expect(await under.outbox()).to.deep.equal([{ ...event(winner), actorKey: key }]);
    });
  });
}
