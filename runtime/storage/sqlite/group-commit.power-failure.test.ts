import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createSeededRandom } from '../../testing/seeded-random.ts';
import { GroupCommit } from './group-commit.ts';
import { openSqlite, type SqliteDatabase } from './sqlite-database.ts';
import type { CommitFlush } from './write-ahead-log.ts';

const migrations = ['CREATE TABLE numbers (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;'];
const sectorBytes = 512;
/** SQLite flushes it by itself, before the frames behind it. */
const headerBytes = 32;

/**
 * A disk that has what was flushed and, of what was written since, whichever sectors. The database file is written at
 * checkpoints alone: SQLite flushes the log before them, and the file after them.
 */
class Disk implements CommitFlush {
  readonly #database: SqliteDatabase;
  #log: Buffer;
  #file: Buffer;
  #finish: (() => void) | undefined;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#log = this.#written('-wal');
    this.#file = this.#written();
  }

  flush(): Promise<void> {
    const [log, file] = [this.#written('-wal'), this.#written()];
    return new Promise((resolve) => {
      this.#finish = () => {
        this.#log = log;
        this.#file = file;
        resolve();
      };
    });
  }

  /** Whether a flush was under way. */
  finishFlush(): boolean {
    const finish = this.#finish;
    this.#finish = undefined;
    finish?.();
    return finish !== undefined;
  }

  /** What is found in `folder` once there is power again. */
  cut(folder: string, random: () => number): string {
    const log = this.#written('-wal');
    const isCheckpointed = !this.#written().equals(this.#file);
    const found = isCheckpointed ? log : this.#torn(log, random);
    const file = join(folder, 'x.sqlite');
    mkdirSync(folder);
    copyFileSync(this.#database.name, file);
    writeFileSync(`${file}-wal`, found);
    return file;
  }

  #torn(log: Buffer, random: () => number): Buffer {
    const found = Buffer.alloc(Math.max(log.length, this.#log.length));
    this.#log.copy(found);
    log.copy(found, 0, 0, headerBytes);
    for (let from = headerBytes; from < log.length; from += sectorBytes) {
      if (random() < 0.7) log.copy(found, from, from, from + sectorBytes);
    }
    return found;
  }

  #written(suffix = ''): Buffer {
    return readFileSync(`${this.#database.name}${suffix}`);
  }

  flushNow(): void {
    expect.fail('not in this test');
  }

  mend(): void {
    expect.fail('not in this test');
  }

  close(): void {
    this.finishFlush();
  }
}

/** Answers before it has flushed. */
class HastyDisk extends Disk {
  override flush(): Promise<void> {
    void super.flush();
    return Promise.resolve();
  }
}

const readFlushed = <T>(commits: GroupCommit, look: () => T) => commits.read(look);

describe('a power failure', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'power-failure-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The numbers that somebody was told of, and was told of in vain. */
  async function lostAfterCut(seed: number, { Kind = Disk, read = readFlushed } = {}): Promise<number[]> {
    const random = createSeededRandom(seed);
    const moves = createSeededRandom(seed + 1_000);
    const database = await openSqlite({ file: join(folder, `${seed}.sqlite`), migrations });
    // So that some of the cuts come after a checkpoint, and some after the log has begun anew.
    database.pragma('wal_autocheckpoint = 20');
    database.pragma('synchronous = OFF');
    // Another connection, as the thread that makes them has, moves the log while it is written to.
    const other = await openSqlite({ file: database.name, migrations });
    other.pragma('synchronous = OFF');
    const disk = new Kind(database);
    const commits = new GroupCommit(database, { log: disk });
    const insert = database.prepare('INSERT INTO numbers VALUES (?, ?)');
    const all = database.prepare('SELECT n FROM numbers').pluck();
    const told = new Set<number>();
    const pending: Promise<unknown>[] = [];
    for (let n = 0, steps = 10 + Math.floor(random() * 30); n < steps; n++) {
      const text = 'x'.repeat(Math.floor(random() * 3_000));
      pending.push(commits.run(() => insert.run(n, text)).then(() => told.add(n)));
      if (random() < 0.3) {
        const reading = read(commits, () => all.all() as number[]);
        pending.push(reading.then((seen) => seen.forEach((one) => told.add(one))));
      }
      if (random() < 0.5) await new Promise(setImmediate);
      if (random() < 0.5) disk.finishFlush();
      if (moves() < 0.1) other.pragma('wal_checkpoint(PASSIVE)');
      await new Promise(setImmediate);
    }
    const image = disk.cut(join(folder, `found-${seed}`), random);
    const lostPower = [...told];
    const found = await openSqlite({ file: image, migrations });
    const kept = new Set(found.prepare('SELECT n FROM numbers').pluck().all());
    expect(found.pragma('integrity_check', { simple: true })).to.equal('ok');
    found.close();
    while (disk.finishFlush() || commits.queued > 0) await new Promise(setImmediate);
    await Promise.all(pending);
    commits.close();
    other.close();
    database.close();
    return lostPower.filter((n) => !kept.has(n));
  }

  const lostAfterCuts = async (build: Parameters<typeof lostAfterCut>[1] = {}) => {
    for (let seed = 1; seed <= 12; seed++) {
      const lost = await lostAfterCut(seed, build);
      if (lost.length > 0) return { seed, lost };
    }
    return undefined;
  };

  it('takes nothing that anybody was told of, by a write or by a read', async () => {
    expect(await lostAfterCuts()).to.equal(undefined);
  });

  for (const { broken, build } of [
    { broken: 'writers are answered before the flush', build: { Kind: HastyDisk } },
    {
      broken: 'readers are answered before the flush',
      build: { read: <T>(_: GroupCommit, look: () => T) => Promise.resolve(look()) },
    },
  ]) {
    it(`is found to take something where ${broken}`, async () => {
      expect(await lostAfterCuts(build)).to.have.property('lost');
    });
  }
});
