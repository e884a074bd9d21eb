import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { codeOf } from '../../define/errors.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { GroupCommit } from './group-commit.ts';
import { openSqlite, type SqliteDatabase } from './sqlite-database.ts';
import { WriteAheadLog, type CommitFlush } from './write-ahead-log.ts';

const migrations = ['CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT;'];

describe('sqlite', () => {
  let folder: string;
  let file: string;
  let database: SqliteDatabase;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-sqlite-'));
    file = join(folder, 'deep', 'numbers.sqlite');
    database = await openSqlite({ file, migrations });
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const insert = (n: number) => (db: SqliteDatabase) => db.prepare('INSERT INTO numbers VALUES (?)').run(n);
  const stored = (db: SqliteDatabase = database) =>
    db.prepare('SELECT n FROM numbers ORDER BY n').pluck().all();
  const failureOf = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('should have been refused'),
      (error: unknown) => error,
    );

  describe('openSqlite', () => {
    it('flushes each commit to disk, and checks foreign keys', () => {
      expect(database.pragma('journal_mode', { simple: true })).to.equal('wal');
      expect(database.pragma('synchronous', { simple: true })).to.equal(2);
      expect(database.pragma('foreign_keys', { simple: true })).to.equal(1);
    });

    it('runs each migration once, and seeds only what is new', async () => {
      const more = [...migrations, 'ALTER TABLE numbers ADD COLUMN name TEXT;'];
      const seed = (db: SqliteDatabase) => db.prepare('INSERT INTO numbers (n) VALUES (1)').run();
      for (const _ of [1, 2]) {
        const again = await openSqlite({ file, migrations: more, seed });
        expect(again.pragma('user_version', { simple: true })).to.equal(2);
        expect(stored(again)).to.deep.equal([]);
        again.close();
      }
      const fresh = await openSqlite({ file: join(folder, 'fresh.sqlite'), migrations: more, seed });
      expect(stored(fresh)).to.deep.equal([1]);
      fresh.close();
    });

    it('leaves a file alone whose migration fails', async () => {
      const broken = ['CREATE TABLE other (n INTEGER);', 'CREATE TABEL;'];
      const path = join(folder, 'broken.sqlite');
      expect(String(await failureOf(openSqlite({ file: path, migrations: broken })))).to.contain('TABEL');
      const repaired = await openSqlite({ file: path, migrations });
      expect(stored(repaired)).to.deep.equal([]);
      repaired.close();
    });

    it('refuses a file of a newer program', async () => {
      expect(String(await failureOf(openSqlite({ file, migrations: [] })))).to.contain('knows only 0');
    });

    it('waits for another process that holds the file, and goes on where that lets go', async () => {
      const clock = new FakeClock();
      database.exec('BEGIN IMMEDIATE');
      const opening = openSqlite({ file, migrations: [...migrations, 'CREATE TABLE t (n INT)'], clock });
      await clock.advance(1_000);
      database.exec('ROLLBACK');
      await clock.advance(100);
      (await opening).close();
      expect(database.pragma('user_version', { simple: true })).to.equal(2);
    });

    it('gives up when the other process does not let go', async () => {
      const clock = new FakeClock();
      database.exec('BEGIN IMMEDIATE');
      const refused = failureOf(openSqlite({ file, migrations, clock }));
      await clock.advance(2_100);
      expect(await refused).to.include({
        code: 'unavailable',
        message: `${file} is locked by another process`,
      });
    });
  });

  describe('GroupCommit', () => {
    it('commits what waits in one transaction, and answers each', async () => {
      const commits = new GroupCommit(database);
      // Another connection sees a transaction only when it is committed.
      const other = await openSqlite({ file, migrations });
      const seen: unknown[] = [];
      const works = [1, 2, 3].map((n) =>
        commits.run((db) => {
          insert(n)(db);
          seen.push(stored(other).length);
          return n * 10;
        }),
      );
      expect(commits.queued).to.equal(3);
      expect(await Promise.all(works)).to.deep.equal([10, 20, 30]);
      expect(seen).to.deep.equal([0, 0, 0]);
      expect(stored(other)).to.deep.equal([1, 2, 3]);
      other.close();
    });

    it('undoes only the work that throws', async () => {
      const commits = new GroupCommit(database);
      const refusal = new Error('no');
      const works = await Promise.allSettled([
        commits.run(insert(1)),
        commits.run((db) => {
          insert(2)(db);
          throw refusal;
        }),
        commits.run((db) => {
          insert(3)(db);
          insert(1)(db);
        }),
        commits.run(() => stored()),
      ]);
      expect(works.map((work) => work.status)).to.deep.equal([
        'fulfilled',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
      expect(works[1]).to.have.property('reason', refusal);
      expect(works[3]).to.have.deep.property('value', [1]);
      expect(stored()).to.deep.equal([1]);
    });

    it('runs a group once where nothing is to be undone', async () => {
      const commits = new GroupCommit(database);
      const runs: number[] = [];
      const noted = (n: number, work: (db: SqliteDatabase) => unknown) =>
        commits.run((db) => {
          runs.push(n);
          return work(db);
        });
      const refuse = () => {
        throw new Error('no');
      };
      await Promise.allSettled([
        noted(1, insert(1)),
        noted(2, refuse),
        noted(3, insert(1)),
        noted(4, insert(4)),
      ]);
      expect(runs).to.deep.equal([1, 2, 3, 4]);
      expect(stored()).to.deep.equal([1, 4]);
    });

    it('flushes once for what came while it flushed, and lets the process go on meanwhile', async () => {
      const log = new WriteAheadLog(database);
      const flushes: (() => void)[] = [];
      const flush = () => new Promise<void>((resolve) => flushes.push(resolve));
      const commits = new GroupCommit(database, {
        log: { flush, flushNow: () => undefined, mend: () => undefined, close: () => log.close() },
      });
      const told: number[] = [];
      const write = (n: number) => commits.run(insert(n)).then(() => told.push(n));
      const first = write(1);
      await new Promise(setImmediate);
      const later = [write(2), write(3)];
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      expect({ flushes: flushes.length, told, stored: stored() }).to.deep.equal({
        flushes: 1,
        told: [],
        stored: [1],
      });
      flushes[0]?.();
      await first;
      await new Promise(setImmediate);
      expect({ flushes: flushes.length, told, stored: stored() }).to.deep.equal({
        flushes: 2,
        told: [1],
        stored: [1, 2, 3],
      });
      flushes[1]?.();
      await Promise.all(later);
      commits.close();
    });

    it('keeps a reader waiting for the flush of what it has seen', async () => {
      let finish = () => expect.fail('not begun');
      const flush = () => new Promise<void>((resolve) => (finish = resolve as () => never));
      const none = () => undefined;
      const commits = new GroupCommit(database, { log: { flush, flushNow: none, mend: none, close: none } });
      expect(await commits.read(() => stored())).to.deep.equal([]);
      const order: string[] = [];
      const writing = commits.run(insert(1)).then(() => order.push('written'));
      await new Promise(setImmediate);
      const reading = commits.read(() => stored()).then((seen) => order.push(`seen ${String(seen)}`));
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      expect(order).to.deep.equal([]);
      finish();
      await Promise.all([writing, reading]);
      expect(order).to.deep.equal(['written', 'seen 1']);
      commits.close();
    });

    it('answers nobody when the group cannot be committed', async () => {
      const commits = new GroupCommit(database);
      database.exec('CREATE TABLE children (n INTEGER REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)');
      const works = [
        commits.run(insert(1)),
        // Found wrong only at the commit.
        commits.run((db) => db.prepare('INSERT INTO children VALUES (99)').run()),
      ];
      for (const work of works) expect(codeOf(await failureOf(work))).to.equal('unavailable');
      expect(stored()).to.deep.equal([]);
      await commits.run(insert(2));
      expect(stored()).to.deep.equal([2]);
    });

    it('refuses what is too much, and takes more once there is room', async () => {
      const commits = new GroupCommit(database, { maxQueued: 2 });
      const works = [commits.run(insert(1)), commits.run(insert(2))];
      expect(codeOf(await failureOf(commits.run(insert(3))))).to.equal('unavailable');
      await Promise.all(works);
      await commits.run(insert(4));
      expect(stored()).to.deep.equal([1, 2, 4]);
    });

    it('takes a long queue in several groups, in order', async () => {
      const commits = new GroupCommit(database, { maxBatch: 3 });
      const order: number[] = [];
      await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          commits.run((db) => {
            order.push(n);
            insert(n)(db);
          }),
        ),
      );
      expect(order).to.deep.equal([...order].sort((a, b) => a - b));
      expect(stored()).to.have.length(10);
    });

    describe('while another process holds the file', () => {
      let operator: SqliteDatabase;
      let clock: FakeClock;
      let commits: GroupCommit;
      beforeEach(async () => {
        operator = await openSqlite({ file, migrations });
        clock = new FakeClock();
        commits = new GroupCommit(database, { clock });
        operator.exec('BEGIN IMMEDIATE');
      });
      afterEach(() => operator.close());

      it('waits without stopping the process, and commits in order once it may', async () => {
        const works = [commits.run(insert(1)), commits.run(() => stored())];
        // A synchronous wait would not let this test come to the end of the lock.
        await clock.advance(1_500);
        operator.exec('ROLLBACK');
        await clock.advance(100);
        expect((await Promise.all(works))[1]).to.deep.equal([1]);
      });

      it('refuses who has waited for two seconds, and not who came later', async () => {
        const early = failureOf(commits.run(insert(1)));
        await clock.advance(1_500);
        const late = commits.run(insert(2));
        await clock.advance(600);
        expect(await early).to.include({
          code: 'unavailable',
          message: `${file} is locked by another process`,
        });
        operator.exec('ROLLBACK');
        await clock.advance(100);
        await late;
        expect(stored()).to.deep.equal([2]);
      });

      it('refuses what waits when it is closed', async () => {
        const work = failureOf(commits.run(insert(1)));
        commits.close();
        expect(codeOf(await work)).to.equal('unavailable');
        operator.exec('ROLLBACK');
        expect(stored()).to.deep.equal([]);
      });
    });

    describe('with a disk that fails', () => {
      let log: WriteAheadLog;
      let disk: CommitFlush;
      let fails: boolean;
      let commits: GroupCommit;
      beforeEach(() => {
        log = new WriteAheadLog(database);
        fails = true;
        disk = {
          flush: () => (fails ? Promise.reject(new Error('EIO')) : log.flush()),
          flushNow: () => log.flushNow(),
          mend() {
            if (fails) throw new Error('EIO');
            log.mend();
          },
          close: () => log.close(),
        };
        commits = new GroupCommit(database, { log: disk });
      });
      const unavailable = async (promise: Promise<unknown>) =>
        expect(codeOf(await failureOf(promise))).to.equal('unavailable');

      it('answers no writer whose group was not flushed, and no reader from then on', async () => {
        const works = [commits.run(insert(1)), commits.run(insert(2))];
        for (const work of works) await unavailable(work);
        await unavailable(commits.read(() => stored()));
        await unavailable(commits.run(insert(3)));
        await unavailable(commits.read(() => stored()));
      });

      it('goes on with a log that begins anew once the disk works again', async () => {
        await unavailable(commits.run(insert(1)));
        fails = false;
        await unavailable(commits.read(() => stored()));
        await commits.run(insert(2));
        expect(await commits.read(() => stored())).to.deep.equal([1, 2]);
        // The database file has what the failed flush may have lost, and the log only what came since.
        copyFileSync(file, join(folder, 'without-log.sqlite'));
        const withoutLog = await openSqlite({ file: join(folder, 'without-log.sqlite'), migrations });
        expect(stored(withoutLog)).to.deep.equal([1]);
        withoutLog.close();
      });

      it('waits until nobody reads the log', async () => {
        const reader = await openSqlite({ file, migrations });
        await unavailable(commits.run(insert(1)));
        fails = false;
        const snapshot = reader.prepare('SELECT n FROM numbers').iterate();
        snapshot.next();
        await unavailable(commits.run(insert(2)));
        snapshot.return?.();
        await commits.run(insert(3));
        expect(stored()).to.deep.equal([1, 3]);
        reader.close();
      });
    });

    it('commits what waits when it is closed, and refuses what comes then', async () => {
      const commits = new GroupCommit(database);
      const work = commits.run(insert(1));
      commits.close();
      expect(stored()).to.deep.equal([1]);
      await work;
      expect(codeOf(await failureOf(commits.run(insert(2))))).to.equal('unavailable');
    });
  });
});
