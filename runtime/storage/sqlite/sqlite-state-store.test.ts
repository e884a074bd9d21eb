import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { describeStateStore } from '../../testing/suites/state-store.suite.ts';
import { CorruptRecordError } from '../state-store.ts';
import { SqliteStateStore } from './sqlite-state-store.ts';

const openFolder = () => mkdtemp(join(tmpdir(), 'state-store-'));
let keys = 0;

describeStateStore('SQLite', async () => {
  const folder = await openFolder();
  const options = { file: join(folder, 'carts.db'), actorType: 'shopping-cart' };
  const stores = [await SqliteStateStore.open(options), await SqliteStateStore.open(options)] as const;
  return {
    stores,
    key: () => `key-${++keys}`,
    state: (n: number) => ({ n, text: 'ä "quoted" 漢' }),
    close: async () => {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('SqliteStateStore', () => {
  let folder: string;
  let store: SqliteStateStore;
  const reopen = () => SqliteStateStore.open({ file: join(folder, 'carts.db'), actorType: 'cart' });
  const effect = { id: 'e', run: 'r', name: 'Verify', input: {}, notBefore: 0 };
  const write = (key: string, now: number, effects: readonly (typeof effect)[] = []) =>
    store.write({
      key,
      expectedVersion: 0,
      record: { state: { key }, applied: [], effects, waiting: [] },
      events: [],
      now,
    });

  beforeEach(async () => {
    folder = await openFolder();
    store = await reopen();
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('keeps everything when it is closed and opened again', async () => {
    const writing = write('a', 1);
    await store.close();
    expect(await writing).to.equal(true);
    store = await reopen();
    expect((await store.load('a'))?.record.state).to.deep.equal({ key: 'a' });
  });

  it('says of a row that is damaged that it is', async () => {
    await Promise.all([write('a', 1), write('b', 2)]);
    const file = new Database(join(folder, 'carts.db'));
    file.exec(`UPDATE actor_cart SET state = substr(state, 2) WHERE key = 'a'`);
    file.close();
    const failed = await store.load('a').catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(CorruptRecordError);
    expect((await store.load('b'))?.record.state).to.deep.equal({ key: 'b' });
  });

  it('removes what was long untouched, oldest first, at most so many at once', async () => {
    await Promise.all([write('c', 3), write('a', 1), write('b', 2), write('d', 4)]);
    expect(await store.removeUntouchedSince(4, 2)).to.equal(2);
    expect([await store.load('a'), await store.load('b')]).to.deep.equal([undefined, undefined]);
    expect((await store.load('c'))?.version).to.equal(1);
    expect(await store.removeUntouchedSince(4, 2)).to.equal(1);
    expect(await store.removeUntouchedSince(4, 2)).to.equal(0);
    expect((await store.load('d'))?.version).to.equal(1);
  });

  it('keeps what still has something to do', async () => {
    await Promise.all([write('b', 2, [effect]), write('a', 1, [effect]), write('c', 1)]);
    expect(await store.removeUntouchedSince(10, 10)).to.equal(1);
    expect(await store.load('c')).to.equal(undefined);
  });

  it('finds what has something to do in a file of an earlier release', async () => {
    await Promise.all([write('idle', 1), write('due', 2, [effect])]);
    await store.close();
    const earlier = new Database(join(folder, 'carts.db'));
    earlier.exec(`
      DROP INDEX actor_cart_due_at;
      ALTER TABLE actor_cart DROP COLUMN due_at;
      CREATE INDEX actor_cart_due ON actor_cart (json_extract(runtime, '$.effects[0].notBefore'))
        WHERE json_extract(runtime, '$.effects[0].notBefore') IS NOT NULL;
      PRAGMA user_version = 3;`);
    earlier.close();
    store = await reopen();
    expect(await store.unfinished(1, 10)).to.deep.equal(['due']);
    expect(await store.removeUntouchedSince(10, 10)).to.equal(1);
    expect((await store.load('due'))?.record.effects).to.deep.equal([effect]);
  });

  it('takes an effect that is due between two milliseconds', async () => {
    expect(await write('a', 1, [{ ...effect, notBefore: 5.5 }])).to.equal(true);
    expect(await store.unfinished(6, 10)).to.deep.equal(['a']);
  });

  it('says that a file holds another actor type', async () => {
    const opening = SqliteStateStore.open({ file: join(folder, 'carts.db'), actorType: 'wallet' });
    const error = await opening.catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'internal');
    expect(error)
      .to.have.property('message')
      .that.matches(/carts\.db holds actors of another type than 'wallet'/);
  });

  it('refuses a table name that is no actor type', async () => {
    const opening = SqliteStateStore.open({ file: join(folder, 'x.db'), actorType: 'a; DROP' });
    expect(await opening.catch((error: unknown) => error)).to.be.instanceOf(TypeError);
  });
});
