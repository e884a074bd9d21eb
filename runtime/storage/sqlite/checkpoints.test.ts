import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Checkpoints, type Checkpointed } from './checkpoints.ts';
import { GroupCommit } from './group-commit.ts';
import { openSqlite, type SqliteDatabase } from './sqlite-database.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

const migrations = ['CREATE TABLE numbers (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;'];

describe('checkpoints in a thread', () => {
  let folder: string;
  let file: string;
  let database: SqliteDatabase;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
    file = join(folder, 'x.sqlite');
    database = await openSqlite({ file, migrations });
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  /** As the head of the log counts it. */
  const timesBegun = () => readFileSync(`${file}-wal`).subarray(12, 16).readUInt32BE();
  const logBytes = () => statSync(`${file}-wal`).size;
  const writing = (commits: GroupCommit) => {
    const insert = database.prepare('INSERT INTO numbers VALUES (?, ?)');
    return (n: number) => commits.run(() => insert.run(n, 'x'.repeat(4_000)));
  };
  const countWithoutLog = async () => {
    const copy = join(folder, 'without-log.sqlite');
    copyFileSync(file, copy);
    const withoutLog = await openSqlite({ file: copy, migrations });
    try {
      return withoutLog.prepare('SELECT count(*) FROM numbers').pluck().get();
    } finally {
      withoutLog.close();
    }
  };

  it('move what was committed to the file, while its database stays open', async () => {
    database.pragma('wal_autocheckpoint = 0');
    for (let n = 0; n < 10; n++) database.prepare('INSERT INTO numbers VALUES (?, ?)').run(n, 'x');
    expect(await countWithoutLog()).to.equal(0);
    const checkpoints = new Checkpoints(file);
    const made = await checkpoints.make();
    expect(made?.log).to.be.greaterThan(0);
    expect(made?.checkpointed).to.equal(made?.log);
    expect(await countWithoutLog()).to.equal(10);
    checkpoints.release();
  });

  it('let a log begin anew that is written to without a pause', async () => {
    const log = new WriteAheadLog(database, { checkpointRows: 20, longPages: 50 });
    const commits = new GroupCommit(database, { log });
    database.pragma('wal_autocheckpoint = 0');
    const write = writing(commits);
    let written = 0;
    const writer = async () => {
      while (timesBegun() < 4) await write(written++);
    };
    await Promise.all(Array.from({ length: 8 }, writer));
    expect(logBytes()).to.be.lessThan(written * 4_000);
    commits.close();
  });

  describe('that a flush may have to wait for', () => {
    let made: ((done: Checkpointed) => void)[];
    let commits: GroupCommit;
    let write: (n: number) => Promise<unknown>;
    beforeEach(() => {
      made = [];
      const checkpoints = {
        make: () => new Promise<Checkpointed>((resolve) => made.push(resolve)),
        release: () => undefined,
      };
      const log = new WriteAheadLog(database, { checkpointRows: 1, longPages: 50, checkpoints });
      commits = new GroupCommit(database, { log });
      write = writing(commits);
    });
    afterEach(() => commits.close());

    /** Whether it is told within the time that a flush of its own takes. */
    const isToldSoon = async (promise: Promise<unknown>) => {
      let isTold = false;
      void promise.then(() => (isTold = true));
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      await using log = await open(`${file}-wal`, 'r+');
      await log.datasync();
      return isTold;
    };

    it('are waited for when the log did not begin anew for long, and then it does', async () => {
      await write(1);
      await write(2);
      expect(made).to.have.length(1);
      made[0]?.({ log: 49, checkpointed: 49 });
      await write(3);
      made[1]?.({ log: 60, checkpointed: 60 });
      await new Promise(setImmediate);
      const waiting = write(4);
      expect(await isToldSoon(waiting)).to.equal(false);
      made[2]?.({ log: 61, checkpointed: 61 });
      await waiting;
      await write(5);
      expect(made).to.have.length(4);
    });

    it('are waited for when many rows change meanwhile', async () => {
      for (let n = 1; n <= 4; n++) await write(n);
      const waiting = write(5);
      expect(await isToldSoon(waiting)).to.equal(false);
      made[0]?.({ log: 5, checkpointed: 5 });
      await waiting;
    });
  });

  it('leave no log behind when the database is closed in the middle of one', async () => {
    const commits = new GroupCommit(database, {
      log: new WriteAheadLog(database, { checkpointRows: 1 }),
    });
    const write = writing(commits);
    for (let n = 0; n < 50; n++) await write(n);
    const last = write(50);
    commits.close();
    await last;
    database.close();
    expect(existsSync(`${file}-wal`)).to.equal(false);
    database = await openSqlite({ file, migrations });
    expect(database.prepare('SELECT count(*) FROM numbers').pluck().get()).to.equal(51);
  });

  it('make room for a log that begins anew after a failed flush', async () => {
    const log = new WriteAheadLog(database, { checkpointRows: 1 });
    const commits = new GroupCommit(database, { log });
    await writing(commits)(1);
    log.mend();
    expect(logBytes()).to.equal(0);
    await writing(commits)(2);
    commits.close();
  });

  it('that fail are left to the next one', async () => {
    const missing = new Checkpoints(join(folder, 'missing.sqlite'));
    expect(await missing.make()).to.equal(undefined);
    missing.release();
    const checkpoints = new Checkpoints(file);
    expect(await checkpoints.make()).to.have.keys('id', 'log', 'checkpointed');
    checkpoints.release();
  });
});
