import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { silentLogger } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { reach } from '../../operate/trolley/reach.ts';
import { parseConfig } from '../../shop/config/parse-config.ts';
import { createProgress } from '../../shop/process/progress.ts';
import { consoleUsersVariable, passwords } from '../testing/console-accounts.ts';
import { ConsoleTab } from '../testing/console-tab.ts';
import { openBrowser } from '../testing/open-browser.ts';
import { runCommandProcess } from './command-process.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { calm, portOf } from './shop-environment.ts';
import { readChart, type ShownChart, type ShownRate } from './shown-chart.ts';
import { SteadyLoad } from './steady-load.ts';
import { leaveStuckCheckout } from './stuck-checkout.ts';
import { leaveDeadLetters, leaveParked, mendTables } from './unwelcome-users.ts';

const stuckUsers = [801, 802, 803];
const uncancelled = [11, 12];
const unfinished = [13, 14];
const checkoutsAtLeast = 500;
const isOpen = `status NOT IN ('COMPLETED', 'FAILED')`;

/** What each page is called, while it may have anything to show. */
const pages: readonly (readonly [path: string, heading: string])[] = [
  ['/', 'Overview'],
  ['/mailboxes', 'Mailboxes'],
  ['/actors', 'Actors'],
  ['/sagas?state=charging', 'Sagas'],
  ['/stuck', 'Stuck sagas'],
  ['/parked', 'Parked actors'],
  ['/cluster', 'Cluster'],
  ['/dead-letters', 'Dead letters'],
  ['/outbox', 'Outbox'],
  ['/events', 'Events'],
  ['/dead-events', 'Dead events'],
  ['/audit', 'Audit'],
];
describe('the console while the shop sells', function () {
  this.timeout(120_000);
  let shop: RunningShop;
  let pool: PostgresPool;
  let browser: Browser;
  /** Looks at the chart all the time. */
  let watching: ConsoleTab;
  let tab: ConsoleTab;
  /** Keys of the actors. */
  let withDeadLetter: string[];
  let parked: string[];

  before(async () => {
    [shop, browser] = await Promise.all([
      startShop({
        CONSOLE_USERS: consoleUsersVariable,
        PAYMENT_SUCCESS_RATE: '0.8',
        PAYMENT_DELAY_MS: '300-900',
        PAYMENT_SEED: '7',
        SEED_STOCK: '1000000',
      }),
      openBrowser(),
    ]);
    pool = createPostgresPool(shop.places.postgresUrl, { logger: silentLogger, max: 2 });
    const url = `http://127.0.0.1:${portOf(shop.lines, 'console')}`;
    watching = await ConsoleTab.open(browser, { url, passwords });
    await watching.signIn('/sagas');
    await watching.page.getByText('live; ended ones since').waitFor();
    for (const userId of stuckUsers) await leaveStuckCheckout(pool, userId);
    withDeadLetter = await leaveDeadLetters(shop.client, pool, uncancelled);
    await using around = reach(parseConfig(reached()), createProgress({ write: () => undefined }));
    parked = await leaveParked(shop.client, pool, (await around.cluster()).parked, unfinished);
  });
  after(async () => {
    await watching.close();
    await browser.close();
    await pool.end();
    await shop.stop();
  });
  beforeEach(async () => {
    tab = await watching.beside();
  });
  afterEach(() => tab.leave());

  const reached = () => ({
    ...{ PATH: calm['PATH']!, DATA_DIR: shop.places.dataDir },
    ...{ POSTGRES_URL: shop.places.postgresUrl, REDIS_URL: shop.redisUrl },
  });
  const trolley = (...words: string[]) => runCommandProcess('trolley', reached(), ...words);
  async function count(from: string): Promise<number> {
    const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${from}`);
    return rows[0]?.count ?? 0;
  }
  /** Until the row of this checkout, or of its order, has this status. */
  const untilIs = (table: 'checkout_sessions' | 'orders', id: string, status: string) =>
    eventually(async () => {
      const key = table === 'orders' ? 'checkout_id' : 'id';
      return (await count(`${table} WHERE ${key} = '${id}' AND status = '${status}'`)) === 1;
    }, `${id} of ${table} as ${status}`);
  /** How many rows of data a page's table has. */
  async function rowsOf(path: string, label: string): Promise<number> {
    await tab.goto(path);
    const table = tab.page.getByRole('region', { name: label, exact: true });
    await table.waitFor();
    return (await table.getByRole('row').count()) - 1;
  }

  it('drives each page while 50 checkouts a second come, of which every fifth is refused', async () => {
    const load = new SteadyLoad({ client: shop.client, perSecond: 50, firstUser: 1_000 });
    try {
      for (const [path, heading] of pages) await look(path, heading);
      await tab.goto('/actors');
      const busiest = tab.page.getByRole('region', { name: 'The busiest actors' });
      await busiest.getByRole('link').first().click();
      await tab.page.getByRole('heading', { name: 'State', exact: true }).waitFor();
      await eventually(() => load.sold >= checkoutsAtLeast, 'enough checkouts');
      await watching.pictureForReadme('console-sagas');
    } finally {
      await load.stop();
    }
    expect(load.problems).to.deep.equal([]);
  });
  async function look(path: string, heading: string): Promise<void> {
    const { page } = tab;
    await tab.goto(path);
    await page.getByRole('heading', { name: heading, exact: true }).waitFor();
    // Of several tables, until each has its rows.
    await page.getByText('Looking…').first().waitFor({ state: 'detached' });
    await tab.picture(`load-${heading.toLowerCase().replaceAll(' ', '-')}`);
    expect(await page.getByText(/does not answer/).count(), `problems of ${path}`).to.equal(0);
  }

  it('shows counts on its chart that are those of the database, and rates of what happened', async () => {
    await eventually(
      async () => (await count(`checkout_sessions WHERE ${isOpen}`)) === stuckUsers.length + parked.length,
      'the end of all checkouts but the stuck and the parked ones',
    );
    const { rows } = await pool.query<{ state: string; count: number }>(
      `SELECT 'checkout.' || (machine_snapshot ->> 'value') AS state, count(*)::int AS count
       FROM checkout_sessions GROUP BY 1`,
    );
    const inStates = Object.fromEntries(rows.map(({ state, count: some }) => [state, some]));
    expect(inStates['checkout.failed'], 'refused payments').to.be.above(checkoutsAtLeast / 10);
    expect(inStates['checkout.reserving'], 'stuck').to.equal(stuckUsers.length);
    let shown: ShownChart | undefined;
    await eventually(
      async () => {
        shown = await readChart(watching.page);
        return isDeepStrictEqual(shown.counts, inStates);
      },
      () => `${JSON.stringify(inStates)}; shown: ${JSON.stringify(shown?.counts)}`,
    );
    const rates = shown?.rates ?? new Map<string, ShownRate>();
    const taken = await eventsTaken();
    expect(taken.map(({ event }) => event)).to.include.members([...rates.keys()]);
    for (const { event, all, ofLastMinute } of taken) {
      const { perMinute, inexactBy } = rates.get(event) ?? { perMinute: 0, inexactBy: 0 };
      expect(perMinute, `${event} a minute`).to.be.within(ofLastMinute - inexactBy, all + inexactBy);
    }
  });

  /** By the journals of the checkouts that the chart was told of. */
  async function eventsTaken() {
    const { rows } = await pool.query<{ event: string; all: number; ofLastMinute: number }>(
      `SELECT entry ->> 'type' AS event, count(*)::int AS all, count(*) FILTER (WHERE
         (machine_snapshot #>> '{context,createdAt}')::float8 + (entry ->> 'afterMs')::float8
           > extract(epoch FROM now()) * 1000 - 60000)::int AS "ofLastMinute"
       FROM checkout_sessions, jsonb_array_elements(machine_snapshot -> 'journal') AS entry
       WHERE user_id <> ALL ($1) GROUP BY 1`,
      [stuckUsers],
    );
    return rows;
  }

  it('shows on its other pages what the database, the event log and the mailboxes hold', async () => {
    const { page } = tab;
    // What is parked is stuck as well, after a while.
    expect(await rowsOf('/stuck', 'Stuck sagas')).to.be.within(
      stuckUsers.length,
      stuckUsers.length + parked.length,
    );
    for (const userId of stuckUsers) expect(await tab.row(`user ${userId}`).count()).to.equal(1);
    await tab.pictureForReadme('console-stuck');
    expect(await rowsOf('/dead-letters', 'Dead letters')).to.equal(withDeadLetter.length);
    expect(await rowsOf('/parked', 'Parked actors')).to.equal(parked.length);
    await tab.goto('/outbox');
    await eventually(
      async () => (await count('outbox_events WHERE processed_at IS NULL')) === 0,
      'an empty outbox',
    );
    await page.getByText('0 events', { exact: true }).waitFor();
    await tab.goto('/events');
    await page.getByText('orders-service').waitFor();
    const behind = await page
      .getByRole('row')
      .filter({ hasText: /-service/ })
      .allInnerTexts();
    expect(behind.map((row) => row.split(/\s+/).slice(1))).to.deep.equal(
      behind.map(() => Array.from({ length: 7 }, () => '0')),
    );
    const completed = await count(`checkout_sessions WHERE status = 'COMPLETED'`);
    expect(await count('orders'), 'orders').to.equal(completed);
    await tab.goto('/');
    for (const trouble of ['2 dead letters', 'checkout of user 802 hangs']) await tab.row(trouble).waitFor();
  });

  it('shows how a refused payment was undone, step by step', async () => {
    const { rows } = await pool.query<{ id: string }>(
      `SELECT id FROM checkout_sessions WHERE status = 'FAILED' ORDER BY created_at DESC LIMIT 1`,
    );
    await tab.goto(`/sagas?id=${rows[0]!.id}`);
    await tab.page.locator('.course').getByText('Charge.declined').waitFor();
    await tab.pictureForReadme('console-saga');
  });

  it('replays a dead letter by page, and another by command, and they are gone', async () => {
    await mendTables(pool);
    const [byPage = '', byCommand = ''] = withDeadLetter;
    await tab.goto(`/dead-letters?q=${byPage}`);
    await tab.writeMode();
    await tab.row(byPage).getByRole('link', { name: 'Cancel' }).click();
    const letter = tab.page.getByRole('region', { name: 'Dead letter', exact: true });
    await letter.getByRole('button', { name: 'Replay' }).click();
    await tab.page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
    await untilIs('orders', byPage, 'CANCELLED');
    await tab.page.getByText('Nothing matches the filter.').waitFor();

    const { output } = await trolley('dead', '--type', 'order', '--key', byCommand, '--json');
    const [found] = (JSON.parse(output) as { items: { id: string }[] }).items;
    const { code, lines } = await trolley('dead', 'replay', found!.id);
    expect(code, lines.join('\n')).to.equal(0);
    await untilIs('orders', byCommand, 'CANCELLED');
    expect(JSON.parse((await trolley('dead', '--json')).output)).to.deep.include({ items: [] });
  });

  it('releases a parked actor by page, and another by command', async () => {
    const [byPage = '', byCommand = ''] = parked;
    await tab.goto(`/parked?q=${byPage}`);
    await tab.row(byPage).getByRole('button', { name: 'Release' }).click();
    await tab.page.getByRole('dialog').getByRole('button', { name: 'Release', exact: true }).click();
    await untilIs('checkout_sessions', byPage, 'COMPLETED');
    await tab.page.getByText('Nothing matches the filter.').waitFor();

    const { code, lines } = await trolley('parked', 'release', 'checkout', byCommand, 'retry');
    expect(code, lines.join('\n')).to.equal(0);
    await untilIs('checkout_sessions', byCommand, 'COMPLETED');
    expect(JSON.parse((await trolley('parked', '--json')).output)).to.deep.include({ items: [] });
  });
});
