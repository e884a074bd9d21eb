import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ActorError, codeOf } from '../../define/errors.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { createSeededRandom } from '../../testing/seeded-random.ts';
import { openSqlite, type SqliteDatabase } from './sqlite-database.ts';
import { SqliteWriter, type SqliteWriterOptions } from './sqlite-writer.ts';
import { WriterThread, type SqliteWrite } from './writer-thread.ts';

const migrations = [
  `CREATE TABLE numbers (n INTEGER PRIMARY KEY, text TEXT NOT NULL CHECK (text <> '')) STRICT;
   CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL CHECK (text <> '')) STRICT;`,
];

describe('SqliteWriter', () => {
  let folder: string;
  let file: string;
  let database: SqliteDatabase;
  let writer: SqliteWriter;
  /** Those that the writer has started so far. */
  let threads: WriterThread[];
  const open = (options: SqliteWriterOptions = {}) => {
    const startThread = (name: string, inode: number) => {
      const thread = new WriterThread(name, inode);
      threads.push(thread);
      return thread;
    };
    writer = new SqliteWriter(file, { startThread, ...options });
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-writer-'));
    file = join(folder, 'x.sqlite');
    database = await openSqlite({ file, migrations });
    threads = [];
  });
  afterEach(async () => {
    await writer.close();
    database.close();
    rmSync(folder, { recursive: true });
  });

  const insert = (n: number, text = 'x'): SqliteWrite => [['INSERT INTO numbers VALUES (?, ?)', n, text]];
  const noted = (n: number, text: string, note: string): SqliteWrite => [
    ['INSERT INTO numbers VALUES (?, ?) ON CONFLICT DO NOTHING', n, text],
    ['INSERT OR REPLACE INTO notes VALUES (?, ?)', n, note],
  ];
  const stored = (table = 'numbers') => database.prepare(`SELECT n FROM ${table} ORDER BY n`).pluck().all();
  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => expect.fail('it was taken'),
      (error: unknown) => error as ActorError,
    );

  it('tells each how many rows its first statement changed', async () => {
    open();
    await Promise.all([writer.run(insert(1)), writer.run(insert(2))]);
    const all = await Promise.all([
      writer.run([['UPDATE numbers SET text = ?', 'y']]),
      writer.run([['DELETE FROM numbers WHERE n = ?', 2]]),
      writer.run([['DELETE FROM numbers WHERE n = ?', 2]]),
    ]);
    expect(all).to.deep.equal([2, 1, 0]);
    expect(stored()).to.deep.equal([1]);
  });

  it('runs what follows where the first statement changed a row', async () => {
    open();
    const all = [writer.run(noted(1, 'x', 'one')), writer.run(noted(1, 'x', 'two'))];
    expect(await Promise.all(all)).to.deep.equal([1, 0]);
    expect(database.prepare('SELECT text FROM notes').pluck().all()).to.deep.equal(['one']);
  });

  it('undoes the whole of a write that is never taken, and nothing else', async () => {
    open();
    const results = await Promise.allSettled(
      [insert(1), insert(2, ''), noted(3, 'x', ''), noted(4, '', 'x'), noted(5, 'x', 'x'), insert(1)].map(
        (write) => writer.run(write),
      ),
    );
    expect(
      results.map((each) => (each.status === 'fulfilled' ? each.value : codeOf(each.reason))),
    ).to.deep.equal([1, 'internal', 'internal', 'internal', 1, 'internal']);
    expect({ numbers: stored(), notes: stored('notes') }).to.deep.equal({ numbers: [1, 5], notes: [5] });
  });

  it('flushes each commit, before anybody sees it', async () => {
    open();
    // FULL is 2. With less, a commit can be seen, and answered, that a power failure takes back.
    await writer.run([['INSERT INTO numbers SELECT synchronous, ? FROM pragma_synchronous', 'x']]);
    expect(stored()).to.deep.equal([2]);
  });

  it('makes one group of what comes while another one is written', async () => {
    const groups: number[] = [];
    open({
      startThread: () => ({
        hasEnded: false,
        commit: async (writes) => {
          groups.push(writes.length);
          await new Promise(setImmediate);
          return writes.map(() => 1);
        },
        close: () => Promise.resolve(),
      }),
      maxGroup: 3,
    });
    const first = [writer.run(insert(1)), writer.run(insert(2))];
    await new Promise(setImmediate);
    const later = [3, 4, 5, 6].map((n) => writer.run(insert(n)));
    await Promise.all([...first, ...later]);
    expect(groups).to.deep.equal([2, 3, 1]);
  });

  it('refuses what is too much, and takes more once there is room', async () => {
    open({ maxQueued: 2 });
    const all = [writer.run(insert(1)), writer.run(insert(2))];
    expect(codeOf(await failureOf(writer.run(insert(3))))).to.equal('unavailable');
    await Promise.all(all);
    await writer.run(insert(4));
    expect(stored()).to.deep.equal([1, 2, 4]);
  });

  it('writes what waits when it is closed, and refuses what comes later', async () => {
    open();
    const waiting = writer.run(insert(1));
    const closing = writer.close();
    expect(codeOf(await failureOf(writer.run(insert(2))))).to.equal('unavailable');
    await closing;
    expect(await waiting).to.equal(1);
    expect(stored()).to.deep.equal([1]);
  });

  describe('while another process holds the file', () => {
    let operator: SqliteDatabase;
    beforeEach(async () => {
      operator = await openSqlite({ file, migrations });
      operator.exec('BEGIN IMMEDIATE');
    });
    afterEach(() => operator.close());

    it('waits, and writes in order once it may', async () => {
      open({ lockWaitMs: 60_000 });
      const all = [writer.run(insert(1)), writer.run([['DELETE FROM numbers']])];
      await new Promise(setImmediate);
      operator.exec('ROLLBACK');
      expect(await Promise.all(all)).to.deep.equal([1, 1]);
    });

    it('refuses who has waited for so long, and not who comes later', async () => {
      open({ lockWaitMs: 0 });
      expect(await failureOf(writer.run(insert(1)))).to.include({
        code: 'unavailable',
        message: `${file} is locked by another process`,
      });
      operator.exec('ROLLBACK');
      await writer.run(insert(2));
      expect(stored()).to.deep.equal([2]);
    });

    it('refuses what waits when it is closed', async () => {
      open({ lockWaitMs: 60_000 });
      const waiting = failureOf(writer.run(insert(1)));
      await writer.close();
      expect(codeOf(await waiting)).to.equal('unavailable');
    });
  });

  describe('whose thread ends', () => {
    it('has all that it answered, refuses the rest, and goes on with another thread', async () => {
      open();
      const random = createSeededRandom(7);
      const written: number[] = [];
      let n = 0;
      let refused = 0;
      for (let round = 1; round <= 10; round++) {
        let isOver = false;
        const writing = Array.from({ length: 8 }, async () => {
          while (!isOver) {
            const mine = ++n;
            try {
              await writer.run(insert(mine, 'x'.repeat(3_000)));
              written.push(mine);
            } catch (error) {
              expect(codeOf(error)).to.equal('unavailable');
              refused++;
            }
          }
        });
        const enough = written.length + 20 + Math.floor(random() * 30);
        while (written.length < enough) await new Promise(setImmediate);
        await threads.at(-1)?.terminate();
        isOver = true;
        await Promise.all(writing);
        await writer.run(insert(++n));
        written.push(n);
        expect(threads).to.have.length(round + 1);
      }
      expect(stored()).to.include.members(written);
      expect(refused).to.be.greaterThan(0);
    });

    it('waits longer each time, and refuses whom it takes down', async () => {
      const clock = new FakeClock();
      let started = 0;
      open({
        clock,
        startThread: () => {
          started++;
          const gone = () => Promise.reject(new ActorError('unavailable', 'the thread ended'));
          return { hasEnded: true, commit: gone, close: () => Promise.resolve() };
        },
      });
      const failing = () => failureOf(writer.run(insert(1)));
      expect(codeOf(await failing())).to.equal('unavailable');
      for (const waitMs of [20, 40, 80]) {
        const before = started;
        const next = failing();
        await clock.advance(waitMs - 1);
        expect(started, `before ${waitMs} ms`).to.equal(before);
        await clock.advance(1);
        expect(codeOf(await next)).to.equal('unavailable');
        expect(started).to.equal(before + 1);
      }
    });

    it('writes to no other file that was put in the place of its own', async () => {
      open();
      await writer.run(insert(1));
      await threads[0]?.terminate();
      renameSync(file, `${file}.old`);
      const other = await openSqlite({ file, migrations });
      expect(codeOf(await failureOf(writer.run(insert(2))))).to.equal('unavailable');
      expect(other.prepare('SELECT n FROM numbers').all()).to.deep.equal([]);
      other.close();
    });
  });
});
