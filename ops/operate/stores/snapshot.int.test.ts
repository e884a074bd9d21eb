import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { eventually } from '../../prove/e2e/eventually.ts';
import { openSnapshot } from './snapshot.ts';

describe('a moment of all stores', () => {
  let database: TestDatabase;
  let writer: Client;
  /** A transaction sees the activity of others as it was at its first look. */
  let watcher: Client;
  let folder: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    writer = new Client({ connectionString: database.url });
    watcher = new Client({ connectionString: database.url });
    await Promise.all([writer.connect(), watcher.connect()]);
    folder = mkdtempSync(join(tmpdir(), 'trolley-moment-'));
    using((file) => file.exec('PRAGMA journal_mode = WAL; CREATE TABLE done (step TEXT)'));
  });
  afterEach(async () => {
    await Promise.all([writer.end(), watcher.end()]);
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  function using<T>(act: (file: Database.Database) => T): T {
    const file = new Database(join(folder, 'service.sqlite'));
    try {
      return act(file);
    } finally {
      file.close();
    }
  }
  const want = (id: number) =>
    writer.query(
      `INSERT INTO checkout_sessions (id, user_id, status, idempotency_key, currency, version, runtime, created_at, updated_at)
       VALUES ($1, 1, 'INITIATED', $2, 'USD', 1, '{}', now(), now())`,
      [`00000000-0000-4000-8000-00000000000${id}`, String(id)],
    );
  const perform = () => using((file) => file.exec(`INSERT INTO done VALUES ('step')`));

  async function counts(): Promise<{ wanted: number; done: number }> {
    const moment = await openSnapshot(folder, database.url);
    try {
      const { rows } = (await moment.postgres?.client.query<{ count: number }>(
        'SELECT count(*)::int FROM checkout_sessions',
      )) ?? { rows: [] };
      const done = moment.files[0]?.database.prepare('SELECT count(*) FROM done').pluck().get();
      return { wanted: rows[0]?.count ?? NaN, done: Number(done) };
    } finally {
      await moment.close();
    }
  }

  it('waits for who is writing a checkout, and has it together with what followed from it', async () => {
    await writer.query('BEGIN');
    await want(1);
    const counted = counts();
    const isWaiting = async () => {
      const { rows } = await watcher.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'trolley-backup' AND wait_event_type = 'Lock'`,
      );
      return rows[0]?.waiting === 1;
    };
    await eventually(isWaiting, 'somebody to wait for the table');
    await writer.query('COMMIT');
    expect(await counted).to.deep.equal({ wanted: 1, done: 0 });
  });

  it('reads as of then, whatever is written afterwards', async () => {
    await want(1);
    perform();
    const moment = await openSnapshot(folder, database.url);
    try {
      await want(2);
      perform();
      const { rows } = (await moment.postgres?.client.query('SELECT id FROM checkout_sessions')) ?? {};
      expect(rows).to.have.length(1);
      expect(moment.files[0]?.database.prepare('SELECT step FROM done').all()).to.have.length(1);
    } finally {
      await moment.close();
    }
    expect(await counts()).to.deep.equal({ wanted: 2, done: 2 });
  });

  it('says so when no shop has ever used the database', async () => {
    await writer.query('DROP TABLE checkout_sessions, orders');
    const problem = await counts().then(String, String);
    expect(problem).to.match(/no checkout_sessions and orders yet/);
  });
});
