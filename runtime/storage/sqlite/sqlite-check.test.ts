import { renameSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { codeOf } from '../../define/errors.ts';
import { GroupCommit } from './group-commit.ts';
import { createSqliteCheck } from './sqlite-check.ts';
import { openSqlite, type SqliteDatabase } from './sqlite-database.ts';

describe('createSqliteCheck', () => {
  let folder: string;
  let file: string;
  let database: SqliteDatabase;
  let check: () => Promise<void>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-check-'));
    file = join(folder, 'x.sqlite');
    database = await openSqlite({ file, migrations: ['CREATE TABLE t (n INT)'] });
    check = createSqliteCheck(database, new GroupCommit(database, { lockWaitMs: 0 }));
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const outcome = () =>
    check().then(
      () => 'ok',
      (error: unknown) => codeOf(error),
    );

  it('passes while the file takes writes, and changes nothing', async () => {
    expect(await outcome()).to.equal('ok');
    expect(database.pragma('user_version', { simple: true })).to.equal(1);
  });

  it('fails while nothing can be committed', async () => {
    const other = await openSqlite({ file, migrations: ['CREATE TABLE t (n INT)'] });
    other.exec('BEGIN IMMEDIATE');
    expect(await outcome()).to.equal('unavailable');
    other.exec('ROLLBACK');
    expect(await outcome()).to.equal('ok');
    other.close();
  });

  it('fails when the file was removed or replaced', async () => {
    renameSync(file, `${file}.old`);
    expect(await outcome()).to.equal('unavailable');
    (await openSqlite({ file, migrations: ['CREATE TABLE t (n INT)'] })).close();
    expect(await outcome()).to.equal('unavailable');
    renameSync(`${file}.old`, file);
    expect(await outcome()).to.equal('ok');
  });
});
