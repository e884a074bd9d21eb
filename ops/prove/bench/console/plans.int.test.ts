import { expect } from 'chai';
import { createTestDatabase, createTestRedis, type TestDatabase } from '@trolley/runtime/testing/suites';
import { ask } from './console-client.ts';
import { openConsole, type OpenedConsole } from './open-console.ts';
import { readsOf } from './plans.ts';
import { seedEvents, seedMailboxes } from './seed-mailboxes.ts';
import { seedTables } from './seed-tables.ts';
import { allViews } from './views.ts';

const [finished, running] = [20_000, 400];
/** More than there are of what runs, waits or was done of late; far less than of what is over. */
const mostRows = 1_000;

describe('what the pages of the console ask of much', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let opened: OpenedConsole;

  before(async () => {
    database = await createTestDatabase();
    await seedTables(database.url, { finished, running }, () => undefined);
    opened = await openConsole({ postgresUrl: database.url, redisUrl: (await createTestRedis()).url });
    await seedMailboxes(opened.cluster, { mailboxes: 1_200 });
    await seedEvents(opened.log, (n) => 1 + (n % 500));
  });
  after(async () => {
    await opened.close();
    await database.drop();
  });

  it('is read by an index, and little of it, whatever is filtered, searched or turned over', async () => {
    const views = await allViews(async (path) => {
      const text = await ask(opened, path);
      return text.startsWith('{') ? (JSON.parse(text) as unknown) : text;
    });
    for (const path of views.flatMap(({ requests }) => requests)) await ask(opened, path);
    const reads = await readsOf(opened.pool, opened.statements());
    expect(reads.filter(({ index, rows }) => index === undefined || rows > mostRows)).to.deep.equal([]);
    const tables = [...new Set(reads.map(({ table }) => table))].sort();
    expect(tables).to.deep.equal(['checkout_sessions', 'console_audit', 'outbox_events']);
  });

  it('would be told of where it is not', async () => {
    const text = 'SELECT max(total_amount) FROM checkout_sessions WHERE currency = $1';
    expect(await readsOf(opened.pool, [{ text, values: ['USD'] }])).to.deep.equal([
      { statement: text, table: 'checkout_sessions', index: undefined, rows: finished + running + 3 },
    ]);
  });
});
