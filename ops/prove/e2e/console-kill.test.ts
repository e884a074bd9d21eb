import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { Client } from 'pg';
import type { Browser, Page } from 'playwright-core';
import { silentLogger } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { consoleUsersVariable, passwords } from '../testing/console-accounts.ts';
import { ConsoleTab } from '../testing/console-tab.ts';
import { openBrowser } from '../testing/open-browser.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { portOf, temporaryDataDir } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';
import { leaveStuckCheckout } from './stuck-checkout.ts';

const allButConsole = 'gateway,node,relay,consumers,product,inventory,payment,grpc';

describe('a console that is killed between an order and its end', function () {
  this.timeout(60_000);
  let shop: RunningShop;
  let pool: PostgresPool;
  let browser: Browser;
  let console: ShopProcess;
  let tab: ConsoleTab;
  let page: Page;
  const dataDir = temporaryDataDir();

  before(async () => {
    [shop, browser] = await Promise.all([startShop({ ROLES: allButConsole }), openBrowser()]);
    pool = createPostgresPool(shop.places.postgresUrl, { logger: silentLogger, max: 2 });
    console = await startConsole();
  });
  after(async () => {
    await console.kill();
    await browser.close();
    await pool.end();
    await shop.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const startConsole = (port = '0') =>
    ShopProcess.start({
      ...{ ROLES: 'console', CONSOLE_PORT: port, CONSOLE_USERS: consoleUsersVariable, DATA_DIR: dataDir },
      ...{ POSTGRES_URL: shop.places.postgresUrl, REDIS_URL: shop.redisUrl },
    });
  /** Somebody orders that it is tried now, and the console is killed while this lock keeps the order from its end. */
  async function killWhileOrdering(id: string, lock: string): Promise<void> {
    const port = String(portOf(console.lines, 'console'));
    tab = await ConsoleTab.open(browser, { url: `http://127.0.0.1:${port}`, passwords });
    page = tab.page;
    await tab.signIn(`/stuck?q=${id}`);
    await tab.writeMode();
    await page.getByRole('button', { name: 'Try now' }).click();
    const holder = new Client({ connectionString: shop.places.postgresUrl });
    await holder.connect();
    try {
      await holder.query(`BEGIN; ${lock}`);
      await page.getByRole('dialog').getByRole('button', { name: 'Try now' }).click();
      await eventually(isWaitedFor, 'somebody who waits for the lock');
      await console.kill();
    } finally {
      await holder.query('ROLLBACK');
      await holder.end();
    }
    await page.getByText('It may have been done once, or not at all').waitFor();
    await tab.picture('killed');
    // Those who waited for the lock have had it.
    await eventually(async () => !(await isWaitedFor()), 'the end of the waiting');
    console = await startConsole(port);
  }
  async function isWaitedFor(): Promise<boolean> {
    const { rows } = await pool.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  }
  async function stored(id: string) {
    const { rows } = await pool.query<{ status: string; resumed: number }>(
      `SELECT status, jsonb_array_length(jsonb_path_query_array(machine_snapshot -> 'journal',
         '$[*] ? (@.type == "Resume")')) AS resumed FROM checkout_sessions WHERE id = $1`,
      [id],
    );
    return rows[0];
  }
  const outcomes = async (id: string) =>
    (
      await pool.query<{ outcome: string }>('SELECT outcome FROM console_audit WHERE target = $1', [
        `checkout/${id}`,
      ])
    ).rows.map(({ outcome }) => outcome);

  it('has done once what had reached the actor, and says that nobody knows', async () => {
    const id = await leaveStuckCheckout(pool, 901);
    await killWhileOrdering(id, `SELECT 1 FROM checkout_sessions WHERE id = '${id}' FOR UPDATE`);
    await eventually(async () => (await stored(id))?.status === 'COMPLETED', 'the end of the checkout');
    expect(await stored(id)).to.deep.equal({ status: 'COMPLETED', resumed: 1 });
    expect(await outcomes(id)).to.deep.equal(['unknown']);
    // The new console knows nobody yet.
    await tab.signIn(`/audit?outcome=unknown`);
    const entry = tab.row(`checkout/${id}`);
    await entry.getByText('under way, or cut off: then it was done once, or not at all').waitFor();
    await tab.picture('audit-unknown');
    await entry.getByRole('link', { name: id }).click();
    await page.locator('.course').getByText('Resume', { exact: false }).waitFor();
    await tab.close();
  });

  it('has done nothing where it had not gone past the record', async () => {
    const id = await leaveStuckCheckout(pool, 902);
    await killWhileOrdering(id, 'LOCK TABLE console_audit IN EXCLUSIVE MODE');
    expect(await stored(id)).to.deep.equal({ status: 'INITIATED', resumed: 0 });
    for (const outcome of await outcomes(id)) expect(outcome).to.equal('unknown');
    await tab.signIn(`/stuck?q=${id}`);
    await tab.writeMode();
    await tab.row(id.slice(0, 8)).getByRole('button', { name: 'Try now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Try now' }).click();
    await eventually(async () => (await stored(id))?.status === 'COMPLETED', 'the end of the checkout');
    expect((await outcomes(id)).at(-1)).to.equal('done');
    await tab.close();
  });
});
