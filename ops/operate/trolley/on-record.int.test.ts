import { userInfo } from 'node:os';
import { expect } from 'chai';
import { ActorError, silentLogger } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { createPostgresAudit } from '../../console/audit/postgres-audit.ts';
import { createProgress } from '../../shop/process/progress.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { onRecord } from './on-record.ts';

describe('what is done by command', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let said: string[];
  const progress = createProgress({ write: (line) => said.push(line.trimEnd()) });
  const action = { action: 'replay dead letter', target: 'cart~42:1', details: { reason: 'tested' } };

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url, { logger: silentLogger, max: 1 });
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(async () => {
    said = [];
    await pool.query('DELETE FROM console_audit');
  });
  const recorded = () => onRecord(async () => createPostgresAudit(pool), progress);
  const entries = async () => (await createPostgresAudit(pool).list()).items;

  it('is on the console’s record, under the name of who did it', async () => {
    let before: string | undefined;
    const done = await recorded()(action, async () => {
      before = (await entries())[0]?.outcome;
      return true;
    });
    expect([before, done]).to.deep.equal(['unknown', true]);
    const [entry] = await entries();
    expect(entry).to.deep.include({
      ...action,
      who: userInfo().username,
      source: 'command',
      outcome: 'done',
    });
    expect(said).to.deep.equal([]);
  });

  it('is recorded as refused, or as having found nothing', async () => {
    const refused = recorded()(action, () => Promise.reject(new ActorError('mailbox_full', 'full')));
    expect(await refused.catch((error: unknown) => error)).to.have.property('code', 'mailbox_full');
    await recorded()(action, async () => false);
    expect((await entries()).map(({ outcome, note }) => [outcome, note])).to.deep.equal([
      ['done', 'there was nothing to do it to'],
      ['refused', 'full'],
    ]);
  });

  it('is done without a record where PostgreSQL is away, once, and said so once', async () => {
    const away = onRecord(() => Promise.reject(new StartProblem('No shop runs here.')), progress);
    let count = 0;
    for (let n = 0; n < 2; n++) await away(action, async () => ++count);
    expect(count).to.equal(2);
    expect(said).to.deep.equal(['! Not on record: No shop runs here.']);
  });

  it('is done once where the record has no table, as that of an older release', async () => {
    await pool.query('ALTER TABLE console_audit RENAME TO elsewhere');
    try {
      let count = 0;
      expect(await recorded()(action, async () => ++count)).to.equal(1);
      expect(said.join()).to.match(/^! Not on record: .*console_audit/);
    } finally {
      await pool.query('ALTER TABLE elsewhere RENAME TO console_audit');
    }
  });
});
