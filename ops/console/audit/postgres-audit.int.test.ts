import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { codeOf } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { runMigrations } from '../../shop/migrations/run-migrations.ts';
import type { Audit } from './audit.ts';
import { createPostgresAudit } from './postgres-audit.ts';

const program = fileURLToPath(new URL('../testing/audited-process.ts', import.meta.url));
const action = {
  who: 'ann',
  role: 'operator',
  source: 'console',
  action: 'replay',
  target: 'cart/42',
} as const;

describe('the audit in PostgreSQL', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let audit: Audit;
  beforeEach(async () => {
    database = await createTestDatabase();
    await runMigrations(database.url);
    pool = createPostgresPool(database.url);
    audit = createPostgresAudit(pool);
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  it('has an action as unknown until its end is known', async () => {
    const full = { ...action, details: { reason: 'it’s "broken"' }, requestId: 'r-1', address: '10.0.0.7' };
    const id = await audit.begin(full);
    const [begun] = (await audit.list()).items;
    const { at, ...rest } = begun!;
    expect(rest).to.deep.equal({ id, ...full, outcome: 'unknown' });
    expect(at).to.be.a('number');
    await audit.end(id, 'refused', 'it has gone');
    const [ended] = (await audit.list()).items;
    expect(ended).to.include({ id, at, outcome: 'refused', note: 'it has gone' });
    expect(ended!.endedAt).to.be.at.least(at);
  });

  it('tells the newest first, in pages, of whom and what is asked for', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await audit.begin({ ...action, target: `cart/${i}` }));
    await audit.begin({ ...action, who: 'ben', action: 'discard', target: 'order/1' });
    await audit.end(ids[0]!, 'done');
    const first = await audit.list({ who: 'ann', limit: 3 });
    expect(first.items.map(({ target }) => target)).to.deep.equal(['cart/4', 'cart/3', 'cart/2']);
    const second = await audit.list({ who: 'ann', limit: 3, cursor: first.cursor });
    expect(second.items.map(({ target }) => target)).to.deep.equal(['cart/1', 'cart/0']);
    expect(second.cursor).to.equal(undefined);
    const targets = async (query: Parameters<Audit['list']>[0]) =>
      (await audit.list(query)).items.map(({ target }) => target);
    expect(await targets({ outcome: 'done' })).to.deep.equal(['cart/0']);
    expect(await targets({ action: 'discard' })).to.deep.equal(['order/1']);
    expect(await targets({ target: 'rt/3' })).to.deep.equal(['cart/3']);
    expect(await targets({ target: '%' })).to.deep.equal([]);
  });

  for (const cursor of ['x', '-1', '9223372036854775808', '1e3'])
    it(`refuses the cursor ${cursor}`, async () => {
      expect(await audit.list({ cursor }).catch(codeOf)).to.equal('invalid_request');
    });

  it('keeps what was cut off by a kill -9 as unknown', async () => {
    const args = ['--conditions=@trolley/source', '--import', 'tsx', program, database.url];
    const end = await promisify(execFile)(process.execPath, args).catch((error: unknown) => error);
    expect(end).to.include({ signal: 'SIGKILL' });
    const { items } = await audit.list();
    expect(items).to.have.length(1);
    expect(items[0]).to.include({ ...action, outcome: 'unknown' });
    expect(items[0]!.endedAt).to.equal(undefined);
  });
});
