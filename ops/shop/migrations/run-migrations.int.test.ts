import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import pg from 'pg';
import { createTestDatabase, type TestDatabase, testPostgresUrl } from '@trolley/runtime/testing/suites';
import { runMigrations } from './run-migrations.ts';

const first = '0001-checkouts-outbox-orders.sql';

describe('runMigrations', () => {
  let database: TestDatabase;
  let folder: string;
  const here = () => pathToFileURL(`${folder}/`);
  const add = (name: string, sql: string) => writeFile(join(folder, name), sql);
  const failure = (run: Promise<unknown>) =>
    run.then(
      () => 'it did not fail',
      (error: unknown) => (error as Error).message,
    );
  const query = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  beforeEach(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
    for (const name of await readdir(new URL('.', import.meta.url))) {
      if (name.endsWith('.sql')) await copyFile(new URL(name, import.meta.url), join(folder, name));
    }
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('has nothing to do on a database that is up to date', async () => {
    expect(await runMigrations(database.url, undefined, here())).to.deep.equal([]);
  });

  it('begins no second shop where the first is in a schema that is not searched', async () => {
    await query('ALTER SCHEMA public RENAME TO shop; CREATE SCHEMA public');
    expect(await failure(runMigrations(database.url, undefined, here()))).to.include('add ?schema=shop');
    expect(await runMigrations(`${database.url}?schema=shop`, undefined, here())).to.deep.equal([]);
    expect(await runMigrations(`${database.url}?schema=public`, undefined, here())).to.include(first);
  });

  it('applies what is new in the order of the names, and says so', async () => {
    await add('9002-b.sql', 'INSERT INTO later VALUES (1)');
    await add('9001-a.sql', 'CREATE TABLE later (n INT)');
    const lines: string[] = [];
    const applied = await runMigrations(database.url, (line) => lines.push(line), here());
    expect(applied).to.deep.equal(['9001-a.sql', '9002-b.sql']);
    expect(lines).to.deep.equal(['applied migration 9001-a.sql', 'applied migration 9002-b.sql']);
    expect(await query('SELECT n FROM later')).to.deep.equal([{ n: 1 }]);
  });

  it('applies each once when many processes start together', async () => {
    await add('9001-a.sql', 'CREATE TABLE later (n INT); INSERT INTO later VALUES (1)');
    const runs = Array.from({ length: 5 }, () => runMigrations(database.url, undefined, here()));
    const applied = await Promise.all(runs);
    expect(applied.flat()).to.deep.equal(['9001-a.sql']);
    expect(await query('SELECT n FROM later')).to.have.length(1);
  });

  it('undoes a migration that fails, keeps those before it, and can be run again', async () => {
    await add('9001-a.sql', 'CREATE TABLE later (n INT)');
    await add('9002-b.sql', 'INSERT INTO later VALUES (1); SELECT nonsense');
    expect(await failure(runMigrations(database.url, undefined, here()))).to.include('9002-b.sql failed');
    expect(await query('SELECT n FROM later')).to.deep.equal([]);
    await add('9002-b.sql', 'INSERT INTO later VALUES (2)');
    expect(await runMigrations(database.url, undefined, here())).to.deep.equal(['9002-b.sql']);
  });

  it('goes on with a database to which a later program has added something', async () => {
    await add('9001-a.sql', 'CREATE TABLE later (n INT)');
    await runMigrations(database.url, undefined, here());
    await rm(join(folder, '9001-a.sql'));
    expect(await runMigrations(database.url, undefined, here())).to.deep.equal([]);
  });

  it('refuses a database from which a later program has taken something away', async () => {
    await add('9001-a.sql', '-- contract: no program reads it any more\nDROP TABLE orders');
    await runMigrations(database.url, undefined, here());
    await rm(join(folder, '9001-a.sql'));
    expect(await failure(runMigrations(database.url, undefined, here()))).to.include(
      'newer than this program',
    );
  });

  it('refuses a migration that takes something away and does not say why it may', async () => {
    await add('9001-a.sql', 'DROP TABLE orders');
    expect(await failure(runMigrations(database.url, undefined, here()))).to.include(
      '9001-a.sql takes something away (DROP TABLE)',
    );
    expect(await query('SELECT count(*)::int AS orders FROM orders')).to.deep.equal([{ orders: 0 }]);
  });

  it('gives way to those who use a table, and comes again', async () => {
    await add('9001-a.sql', 'ALTER TABLE orders ADD COLUMN later INT');
    const user = new pg.Client({ connectionString: database.url });
    await user.connect();
    await user.query('BEGIN; SELECT FROM orders');
    const migrated = runMigrations(database.url, undefined, here());
    // Behind a migration that waits for the table: it gets its turn when that gives way.
    const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while ((await query(waiting)).length === 0);
    expect(await query('SELECT id FROM orders')).to.deep.equal([]);
    await user.query('COMMIT');
    await user.end();
    expect(await migrated).to.deep.equal(['9001-a.sql']);
  });

  it('refuses an applied migration that was changed', async () => {
    await add(first, 'SELECT 1');
    expect(await failure(runMigrations(database.url, undefined, here()))).to.include(`${first} was changed`);
  });

  it('says when the server is not there', async () => {
    const nowhere = new URL(testPostgresUrl());
    nowhere.port = '1';
    expect(await failure(runMigrations(nowhere.href))).to.not.equal('it did not fail');
  });

  it('takes numbers of cards out of checkouts that have ended, and nothing else', async () => {
    const rows = [
      ['FAILED', '4111111111111111 12/27 123'],
      ['COMPLETED', '4111-1111-1111-1111'],
      ['PAYMENT_PENDING', '4111111111111111'],
      ['COMPLETED', 'tok_visa_4242'],
    ];
    for (const [n, [status, method]] of rows.entries()) {
      await query(`INSERT INTO checkout_sessions
        (id, user_id, status, idempotency_key, currency, payment_method, version, runtime, created_at, updated_at)
        VALUES (gen_random_uuid(), ${n}, '${status}', 'k', 'USD', '${method}', 1, '{}', now(), now())`);
    }
    await query(await readFile(new URL('0003-no-card-numbers.sql', import.meta.url), 'utf8'));
    const left = await query('SELECT payment_method AS method FROM checkout_sessions ORDER BY user_id');
    expect(left.map(({ method }) => method)).to.deep.equal([null, null, '4111111111111111', 'tok_visa_4242']);
  });
});
