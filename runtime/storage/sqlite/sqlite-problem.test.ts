import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openSqlite } from './sqlite-database.ts';
import { SqliteStateStore } from './sqlite-state-store.ts';

describe('a SQLite file that can’t be used', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-sqlite-'));
    file = join(folder, 'carts.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const migrations = ['CREATE TABLE things (name TEXT)'];
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.fail('it was taken'),
      (error: unknown) => error as Error,
    );
  const backup = 'Put it back from a backup, or move it away to begin without what it held.';

  it('is named, with what to do, when it is no database', async () => {
    writeFileSync(file, 'a text, and a long one: '.repeat(100));
    const { message } = await failure(openSqlite({ file, migrations }));
    expect(message).to.equal(
      `${file} can't be used: file is not a database. It is damaged, or of another program. ${backup}`,
    );
  });

  it('is named when it is damaged behind its beginning', async () => {
    const store = await SqliteStateStore.open({ file, actorType: 'cart' });
    const record = { state: 'x'.repeat(50_000), applied: [], effects: [], waiting: [] };
    await store.write({ key: '1', expectedVersion: 0, record, events: [], now: 0 });
    await store.close();
    truncateSync(file, 8_192);
    const opening = SqliteStateStore.open({ file, actorType: 'cart' });
    const again = await opening.catch((error: unknown) => error as Error);
    const { message } = again instanceof Error ? again : await failure(again.load('1'));
    expect(message).to.include(file).and.include(backup);
  });

  it('is named when it, or its folder, can’t be written', async () => {
    mkdirSync(file);
    expect((await failure(openSqlite({ file, migrations }))).message).to.match(
      /carts\.sqlite can't be used: .*\. Look whether it is a file that this user may read and write/,
    );
    writeFileSync(join(folder, 'file'), '');
    const below = join(folder, 'file', 'carts.sqlite');
    expect((await failure(openSqlite({ file: below, migrations }))).message).to.include(below);
  });
});
