import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { codeOf, ActorError } from '../../define/errors.ts';
import { GroupCommit } from './group-commit.ts';
import { openSqlite } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-errors.ts';

const refusalWith = (code: string) => new Database.SqliteError('refused', code);

describe('what SQLite refuses', () => {
  for (const code of ['SQLITE_CONSTRAINT_CHECK', 'SQLITE_CONSTRAINT', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG']) {
    it(`with ${code} tells of the row`, () => {
      expect(codeOf(sqliteFailure('x.sqlite', refusalWith(code)))).to.equal('internal');
    });
  }
  for (const name of [
    ...['ABORT', 'AUTH', 'BUSY', 'BUSY_SNAPSHOT', 'CANTOPEN', 'CORRUPT', 'EMPTY', 'ERROR', 'FORMAT', 'FULL'],
    ...['INTERNAL', 'INTERRUPT', 'IOERR', 'IOERR_FSYNC', 'IOERR_WRITE', 'LOCKED', 'MISUSE', 'NOLFS', 'NOMEM'],
    ...['NOTADB', 'NOTFOUND', 'PERM', 'PROTOCOL', 'RANGE', 'READONLY', 'READONLY_DBMOVED', 'SCHEMA'],
  ]) {
    it(`with SQLITE_${name} tells of the file`, () => {
      const error = sqliteFailure('x.sqlite', refusalWith(`SQLITE_${name}`)) as ActorError;
      expect(error.code).to.equal('unavailable');
      expect(error.message).to.equal('x.sqlite: refused');
    });
  }

  it('is told apart from what others throw', () => {
    const refusal = new ActorError('conflict', 'sold');
    expect(sqliteFailure('x.sqlite', refusal)).to.equal(refusal);
  });

  it('is told by a group of that work alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sqlite-errors-'));
    const migrations = ['CREATE TABLE t (n INTEGER CHECK (n > 0)) STRICT'];
    const database = await openSqlite({ file: join(folder, 'x.sqlite'), migrations });
    const commits = new GroupCommit(database);
    const insert = (n: unknown) => commits.run(() => database.prepare('INSERT INTO t VALUES (?)').run(n));
    const [wrong, right, readOnly] = await Promise.allSettled([
      insert(0),
      insert(1),
      commits.run(() => {
        throw refusalWith('SQLITE_READONLY');
      }),
    ]);
    expect(codeOf((wrong as PromiseRejectedResult).reason)).to.equal('internal');
    expect(right.status).to.equal('fulfilled');
    expect(codeOf((readOnly as PromiseRejectedResult).reason)).to.equal('unavailable');
    database.close();
    rmSync(folder, { recursive: true });
  });
});
