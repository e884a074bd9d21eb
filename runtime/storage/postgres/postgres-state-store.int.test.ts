import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describeStateStore, type StoredEvent } from '../../testing/suites/state-store.suite.ts';
import { createTestDatabase, testPostgresUrl, type TestDatabase } from '../../testing/suites/test-servers.ts';
import { CorruptRecordError } from '../state-store.ts';
import { createPostgresPool, type PostgresPool } from './postgres-pool.ts';
import { openPostgresClient } from './postgres-session.ts';
import { PostgresStateStore } from './postgres-state-store.ts';
import type { PostgresTable } from './postgres-table.ts';

interface Account {
  readonly owner: number;
  readonly balance: string;
  readonly open: boolean;
  readonly note: string | null;
  readonly list: readonly unknown[];
  readonly closedAt: string | null;
}

const accounts: PostgresTable<Account> = {
  table: 'accounts',
  keyColumn: 'id',
  columns: [
    { name: 'owner', type: 'bigint' },
    { name: 'balance', type: 'numeric' },
    { name: 'is_open', type: 'boolean' },
    { name: 'note', type: 'text' },
    { name: 'list', type: 'jsonb' },
    { name: 'closed_at', type: 'timestamptz' },
  ],
  toRow: (_key, state) => ({
    owner: state.owner,
    balance: state.balance,
    is_open: state.open,
    note: state.note,
    list: state.list,
    closed_at: state.closedAt,
  }),
  fromRow: (row) => ({
    owner: Number(row['owner']),
    balance: row['balance'] as string,
    open: row['is_open'] as boolean,
    note: row['note'] as string | null,
    list: row['list'] as unknown[],
    closedAt: row['closed_at'] as string | null,
  }),
};

const schema = `CREATE TABLE accounts (
  id UUID PRIMARY KEY, owner BIGINT NOT NULL, balance NUMERIC(12, 2) NOT NULL CHECK (balance >= 0),
  is_open BOOLEAN NOT NULL, note TEXT, list JSONB NOT NULL, closed_at TIMESTAMPTZ,
  version BIGINT NOT NULL, runtime JSONB NOT NULL, archive JSONB, created_at TIMESTAMPTZ NOT NULL, updated_at TIMESTAMPTZ NOT NULL
)`;

const account = (n: number): Account => ({
  owner: Number.MAX_SAFE_INTEGER - n,
  balance: `${n}.10`,
  open: n % 2 === 0,
  note: n % 2 === 0 ? null : `no ${n} ä "漢"`,
  list: [{ n: n + 0.1 }, null, 'x'],
  closedAt: n % 2 === 0 ? null : new Date(Date.UTC(2031, 1, 1) + n).toISOString(),
});

const record = (state: Account) => ({ state, applied: [], effects: [], waiting: [] });
const first = (key: string, state: Account, now = 0) => ({
  key,
  expectedVersion: 0,
  record: record(state),
  events: [],
  now,
});

describe('actors in PostgreSQL', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let other: PostgresPool;

  before(async () => {
    database = await createTestDatabase();
    [pool, other] = [createPostgresPool(database.url), createPostgresPool(database.url)];
    await pool.query(schema);
  });
  after(async () => {
    await Promise.all([pool.end(), other.end()]);
    await database.drop();
  });
  const empty = () => pool.query('TRUNCATE accounts, outbox_events');

  describeStateStore('PostgreSQL', async () => {
    await empty();
    // Small batches, so that the suite sees many.
    const open = (each: PostgresPool) =>
      new PostgresStateStore({ pool: each, table: accounts, maxBatch: 64 });
    return {
      stores: [open(pool), open(other)],
      key: () => randomUUID(),
      state: account,
      refusedState: { ...account(1), balance: '-1.00' },
      outbox: async () => {
        const { rows } = await pool.query<StoredEvent>(
          `SELECT aggregate_id AS "actorKey", event_type AS type, partition_key AS "partitionKey", payload, headers
           FROM outbox_events ORDER BY id`,
        );
        return rows;
      },
      close: () => Promise.resolve(),
    };
  });

  let store: PostgresStateStore<Account>;

  beforeEach(async () => {
    await empty();
    store = new PostgresStateStore({ pool, table: accounts });
  });

  const failure = (run: Promise<unknown>) =>
    run.then(
      () => 'it did not fail',
      (error: unknown) => error,
    );

  it('takes the times of its rows from the writes', async () => {
    const key = randomUUID();
    await store.write(first(key, account(1), 1_000));
    await store.write({ ...first(key, account(2), 2_000), expectedVersion: 1 });
    const { rows } = await pool.query('SELECT created_at, updated_at, version FROM accounts');
    expect(rows).to.deep.equal([{ created_at: new Date(1_000), updated_at: new Date(2_000), version: '2' }]);
  });

  it('knows a key however its letters are written', async () => {
    const key = randomUUID();
    expect(await store.write(first(key.toUpperCase(), account(1)))).to.equal(true);
    expect((await store.load(key))?.version).to.equal(1);
  });

  it('tells a row that makes no state from a server that does not answer', async () => {
    const strict: PostgresTable<Account> = {
      ...accounts,
      fromRow(row) {
        if (row['note'] === 'damaged') throw new TypeError('a note that is none');
        return accounts.fromRow(row);
      },
    };
    const strictly = new PostgresStateStore({ pool, table: strict });
    const [damaged, whole] = [randomUUID(), randomUUID()];
    const unreadable = first(damaged, { ...account(1), note: 'damaged' });
    await strictly.write({ ...unreadable, record: { ...unreadable.record, schema: 3 } });
    await strictly.write(first(whole, account(2)));
    const [failed, loaded] = await Promise.all([failure(strictly.load(damaged)), strictly.load(whole)]);
    expect(failed).to.be.instanceOf(CorruptRecordError).with.property('schema', 3);
    expect(failed).to.have.property('message').that.includes(damaged).and.includes('a note that is none');
    expect(loaded?.record.state).to.deep.equal(account(2));
    const nobody = createPostgresPool('postgres://127.0.0.1:1/none');
    const away = new PostgresStateStore({ pool: nobody, table: strict });
    expect(await failure(away.load(whole))).to.not.be.instanceOf(CorruptRecordError);
    await nobody.end();
  });

  it('refuses a row that the database refuses for ever, and says why', async () => {
    const refused = await failure(store.write(first(randomUUID(), { ...account(1), balance: '-1' })));
    expect(refused).to.have.property('code', 'internal');
    expect(refused).to.have.property('message').that.includes('balance');
  });

  it('calls it a lost race, not a failure, when another unique index sees the other writer first', async () => {
    await pool.query('CREATE UNIQUE INDEX one_per_owner ON accounts (owner)');
    const stores = [store, new PostgresStateStore({ pool: other, table: accounts })];
    for (let n = 0; n < 20; n++) {
      const key = randomUUID();
      const written = await Promise.all(stores.map((each) => each.write(first(key, account(n)))));
      expect(written.sort()).to.deep.equal([false, true]);
    }
    await pool.query('DROP INDEX one_per_owner');
  });

  it('finds the others when one key is no UUID', async () => {
    const key = randomUUID();
    await store.write(first(key, account(1)));
    const [bad, good] = await Promise.allSettled([store.load('nonsense'), store.load(key)]);
    expect(bad.status).to.equal('rejected');
    expect(good).to.have.nested.property('value.version', 1);
  });

  it('keeps the events of a row that is refused out of the outbox', async () => {
    const events = [{ type: 'Opened', partitionKey: '1', payload: {} }];
    const writes = [account(1), { ...account(3), balance: '-1' }, account(5)].map((state) =>
      store.write({ ...first(randomUUID(), state), events }),
    );
    await Promise.allSettled(writes);
    const { rows } = await pool.query('SELECT id FROM outbox_events');
    expect(rows).to.have.length(2);
  });

  it('reads and writes by index, also when it is planned while the table is small', async () => {
    const single = createPostgresPool(database.url, { max: 1 });
    const texts = new Map<string, number>();
    const noting: PostgresPool = {
      ...single,
      query: (text, values = []) => {
        texts.set(text, values.length);
        return single.query(text, values);
      },
    };
    const noted = new PostgresStateStore({ pool: noting, table: accounts });
    const events = [{ type: 'Opened', partitionKey: '1', payload: {} }];
    const key = randomUUID();
    await noted.write(first(key, account(1)));
    await noted.write({ ...first(key, account(2)), expectedVersion: 1, events });
    await noted.load(key);
    await Promise.all([
      noted.write(first(randomUUID(), account(3))),
      noted.write({ ...first(key, account(2)), expectedVersion: 2, removes: true }),
    ]);
    await single.query('ANALYZE accounts');
    expect(texts.size).to.equal(4);
    for (const [text, parameters] of texts) {
      await single.query(`DEALLOCATE ALL; PREPARE kept AS ${text}`);
      const nulls = Array<string>(parameters).fill('NULL').join();
      const { rows } = await single.query<Record<string, string>>(`EXPLAIN EXECUTE kept (${nulls})`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).to.contain('accounts_pkey').and.not.contain('Seq Scan on accounts');
    }
    await single.end();
  });

  it('refuses a mapping that leaves a column out', async () => {
    const partial = { ...accounts, toRow: () => ({ owner: 1 }) };
    const refused = await failure(
      new PostgresStateStore({ pool, table: partial }).write(first('a', account(1))),
    );
    expect(refused).to.be.instanceOf(TypeError);
  });

  it('tells everyone when the connection breaks, and goes on with a new one', async () => {
    const blocker = await openPostgresClient(database.url, {
      applicationName: 'blocker',
      statementTimeoutMs: 0,
    });
    try {
      const key = randomUUID();
      await store.write(first(key, account(0)));
      // A lock on the row holds the next statement up until its connection is ended.
      await blocker.query('BEGIN');
      await blocker.query('SELECT 1 FROM accounts FOR UPDATE');
      const blocked = [key, randomUUID()].map((each) =>
        failure(store.write({ ...first(each, account(0)), expectedVersion: each === key ? 1 : 0 })),
      );
      await until(async () => {
        const { rows } = await other.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      });
      for (const error of await Promise.all(blocked)) expect(error).to.have.property('code', 'unavailable');
      await blocker.query('ROLLBACK');
      expect((await store.load(key))?.version).to.equal(1);
    } finally {
      await blocker.end();
    }
  });

  it('is unavailable while the server is not there', async () => {
    const nowhere = new URL(testPostgresUrl());
    nowhere.port = '1';
    const lost = createPostgresPool(nowhere.href);
    const dead = new PostgresStateStore({ pool: lost, table: accounts });
    expect(await failure(dead.load(randomUUID()))).to.have.property('code', 'unavailable');
    expect(await failure(dead.write(first(randomUUID(), account(1))))).to.have.property(
      'code',
      'unavailable',
    );
    await lost.end();
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
