import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { silentLogger } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { checkoutCompletedType, checkoutTopic } from '../../../actors/checkout/checkout-completed.ts';
import { checkoutIdFor } from '../../../actors/checkout/checkout.contract.ts';
import { reach } from '../../operate/trolley/reach.ts';
import { parseConfig } from '../../shop/config/parse-config.ts';
import { createProgress } from '../../shop/process/progress.ts';
import { consoleUsersVariable, passwords } from '../testing/console-accounts.ts';
import { ConsoleTab } from '../testing/console-tab.ts';
import { openBrowser } from '../testing/open-browser.ts';
import { runCommandProcess } from './command-process.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { kafkaFor } from './shop-backends.ts';
import { calm, portOf, type Environment } from './shop-environment.ts';
import { leaveStuckCheckout } from './stuck-checkout.ts';
import { leaveParked } from './unwelcome-users.ts';

/** Nobody publishes: what is bought stays in the outbox. */
const withoutRelay = 'gateway,node,consumers,product,inventory,payment,grpc,console';
const unreadable = `unreadable-${randomUUID()}`;

/** In the page: the ids of the states at the end of the lit path. */
const litStates = `[...document.querySelectorAll('.statechart .active')].map(({ dataset }) => dataset.state)`;

describe('the console of the shop, in a browser', function () {
  this.timeout(60_000);
  let shop: RunningShop;
  let reached: Environment;
  let pool: PostgresPool;
  let browser: Browser;
  let tab: ConsoleTab;
  let page: Page;
  const bought = checkoutIdFor(1, 'bought');
  const refused = checkoutIdFor(2, 'refused');
  /** By user. */
  const stuck = new Map<number, string>();

  before(async () => {
    const environment = { ROLES: withoutRelay, CONSOLE_USERS: consoleUsersVariable };
    [shop, browser] = await Promise.all([startShop(environment), openBrowser()]);
    const { dataDir, postgresUrl } = shop.places;
    reached = {
      ...{ PATH: calm['PATH']!, DATA_DIR: dataDir, POSTGRES_URL: postgresUrl, REDIS_URL: shop.redisUrl },
      ...(await kafkaFor({ DATA_DIR: dataDir })),
    };
    pool = createPostgresPool(postgresUrl, { logger: silentLogger, max: 2 });
    const [buyer, other] = await shop.client.users(1, 2);
    await buyer!.add(1, 1);
    await buyer!.checkout('bought');
    await other!.add(2, 1);
    await other!.checkout('refused', { payment_method: 'card_declined' });
    for (const userId of [701, 702, 703, 704]) stuck.set(userId, await leaveStuckCheckout(pool, userId));
    await publishUnreadable();
  });
  after(async () => {
    await browser.close();
    await pool.end();
    await shop.stop();
  });
  beforeEach(async () => {
    const url = `http://127.0.0.1:${portOf(shop.lines, 'console')}`;
    tab = await ConsoleTab.open(browser, { url, passwords });
    page = tab.page;
  });
  afterEach(() => tab.close());

  /** Both groups of consumers reject it. */
  async function publishUnreadable(): Promise<void> {
    await using around = reach(parseConfig(reached), createProgress({ write: () => undefined }));
    const log = await around.log();
    const headers = { event_id: unreadable, event_type: checkoutCompletedType };
    const event = { id: unreadable, key: '9', type: checkoutCompletedType, value: 'a torn page', headers };
    await log.append(checkoutTopic, [event]);
    const rejections = async () => (await log.read(`${checkoutTopic}.dlq`, { id: unreadable })).records;
    await eventually(async () => (await rejections()).length === 2, 'both rejections');
  }
  const trolley = (...words: string[]) => runCommandProcess('trolley', reached, ...words);
  async function statusOf(id: string): Promise<string | undefined> {
    const { rows } = await pool.query<{ status: string }>(
      'SELECT status FROM checkout_sessions WHERE id = $1',
      [id],
    );
    return rows[0]?.status;
  }
  const untilIs = (id: string, status: string) =>
    eventually(async () => (await statusOf(id)) === status, `checkout ${id} as ${status}`);
  async function lastAudited(target: string) {
    const { rows } = await pool.query<Record<string, unknown>>(
      'SELECT who, source, action, outcome FROM console_audit WHERE target = $1 ORDER BY id DESC LIMIT 1',
      [target],
    );
    return rows[0];
  }

  const pages: readonly (readonly [name: string, path: string, shows: string])[] = [
    ['overview', '/', 'checkout of user 701 hangs in reserving'],
    ['sagas', '/sagas', 'or choose a state'],
    ['sagas-in-state', '/sagas?state=reserving', 'user 701'],
    ['saga', `/sagas?id=${refused}`, 'payment_declined'],
    ['saga-found', '/sagas?find=2', 'Found by 2'],
    ['stuck', '/stuck', 'no line to the inventory'],
    ['outbox', '/outbox', 'Held back: no relay is connected'],
    ['events', '/events', unreadable],
    ['event', '/events?key=9&record=PLACE', 'a torn page'],
    ['dead-events', '/dead-events', unreadable],
    ['dead-event', '/dead-events?id=LETTER', 'a torn page'],
  ];
  /** Of what has no name before it is there. */
  async function addressOf(path: string): Promise<string> {
    if (!/PLACE|LETTER/.test(path)) return path;
    await tab.goto(path.replace(/\?.*/, ''));
    await page.getByRole('link', { name: unreadable }).click();
    return page.url().slice(new URL(page.url()).origin.length);
  }
  const sights = [
    ['light', 1280],
    ['light', 390],
    ['dark', 1280],
  ] as const;
  for (const [scheme, width] of sights)
    it(`shows each page, in ${scheme} at ${width} pixels, with nothing serious for axe`, async () => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 800 });
      await tab.signIn();
      for (const [name, path, shows] of pages) {
        const address = await addressOf(path);
        // The address alone shows it.
        await tab.goto(address);
        await page.getByText(shows).first().waitFor();
        await tab.picture(`shop-${name}-${scheme}-${width}`);
        expect(await tab.seriousProblems(), path).to.deep.equal([]);
        expect(await tab.width(), `the width of ${path}`).to.be.at.most(width);
      }
    });

  it('leads by keys to a state of the chart, its sagas, and the course of one', async () => {
    await tab.signIn();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    const state = page.locator('[data-state="checkout.reserving"]');
    await state.getByText('4', { exact: true }).waitFor();
    await state.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'reserving' }).waitFor();
    await tab.row('user 702').getByRole('link').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: stuck.get(702)! }).waitFor();
    expect(new URL(page.url()).searchParams.get('id')).to.equal(stuck.get(702));
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'reserving' }).waitFor();
  });

  it('steps back and forth through a saga, with the context and the lit path of each step', async () => {
    await tab.signIn(`/sagas?id=${bought}`);
    const [current, context] = [page.locator('.course [aria-current]'), page.locator('pre.json')];
    const lit = () => page.evaluate<string[]>(litStates);
    await current.getByText('Confirm.done').waitFor();
    await page.locator('.statechart .active').waitFor();
    expect(await lit()).to.deep.equal(['checkout.completed']);
    expect(JSON.parse((await context.textContent()) ?? '')).to.include({ status: 'COMPLETED' });
    await page.keyboard.press('ArrowLeft');
    await current.getByText('Charge.done').waitFor();
    expect(await lit()).to.deep.equal(['checkout.confirming']);
    const before = JSON.parse((await context.textContent()) ?? '') as object;
    expect(before).to.include({ status: 'PAYMENT_COMPLETED' });
    await page.keyboard.press('Home');
    await current.getByText('begins').waitFor();
    expect(JSON.parse((await context.textContent()) ?? '')).to.deep.include({ lines: [] });
    await page.getByRole('button', { name: 'forth' }).click();
    await current.getByText('ClaimAndPrice.done').waitFor();
    expect(await lit()).to.deep.equal(['checkout.reserving']);
    // A colleague who is sent the address sees the same step.
    await page.reload();
    await current.getByText('ClaimAndPrice.done').waitFor();
  });

  it('lights the path in the same frame in which a step is the current one, however fast the keys come', async () => {
    await tab.signIn(`/sagas?id=${bought}`);
    await page.locator('.statechart .active').waitFor();
    const seen = await page.evaluate<string[]>(`(async () => {
      const course = document.querySelector('.course');
      const seen = [];
      for (let presses = 0; presses < 2; presses += 1) {
        // What is told of a change is told before the next frame.
        const drawn = new Promise((told) =>
          new MutationObserver(told).observe(course, { attributes: true, subtree: true }));
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }));
        await drawn;
        seen.push(course.querySelector('[aria-current]').textContent, ...${litStates});
      }
      return seen;
    })()`);
    const [first, second] = [seen.slice(0, 2), seen.slice(2)];
    expect(first[0]).to.include('Charge.done');
    expect(first[1]).to.equal('checkout.confirming');
    expect(second[0]).to.include('Reserve.done');
    expect(second.slice(1)).to.deep.equal(['checkout.charging']);
  });

  for (const [path, typed, shown] of [
    ['/stuck', '702 inventory', 'user 702'],
    ['/outbox', `completed ${bought.slice(0, 13)}`, bought],
    ['/events', unreadable.slice(0, 20), unreadable],
    ['/dead-events', 'not JSON', unreadable],
  ] as const)
    it(`filters ${path} as one types, and keeps that in the address`, async () => {
      await tab.signIn(path);
      await tab.row(shown).first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type(typed);
      const table = page.getByRole('region').filter({ hasText: shown }).last();
      expect(await table.getByRole('row').count()).to.equal(2);
      await page.keyboard.type(' nothing like it');
      await page.getByText('Nothing matches the filter.').waitFor();
      expect(new URL(page.url()).searchParams.get('q')).to.equal(`${typed} nothing like it`);
    });

  it('finds and resumes a stuck checkout at 390 pixels, on record', async () => {
    const id = stuck.get(701)!;
    await page.setViewportSize({ width: 390, height: 844 });
    await tab.signIn();
    await page.getByRole('link', { name: 'checkout of user 701 hangs in reserving' }).click();
    await tab.row('user 701').waitFor();
    expect(await page.getByRole('row').count(), 'the head and one').to.equal(2);
    await tab.row('user 701').getByRole('button', { name: 'Try now' }).click();
    const dialog = page.getByRole('dialog', { name: 'Try Reserve the stock now' });
    await dialog.getByRole('button', { name: 'Turn write mode on' }).click();
    await dialog.getByRole('button', { name: 'Try now', exact: true }).click();
    await dialog.getByText('its step is tried now').waitFor({ state: 'detached' });
    await untilIs(id, 'COMPLETED');
    await page.getByText('Nothing matches the filter.').waitFor();
    const audited = { who: 'operator', source: 'console', action: 'resume checkout', outcome: 'done' };
    expect(await lastAudited(`checkout/${id}`)).to.deep.equal(audited);
    await tab.goto(`/sagas?id=${id}`);
    await page.locator('.course').getByText('Resume').waitFor();
  });

  it('gives a stuck checkout up, with a reason that its course shows', async () => {
    const id = stuck.get(702)!;
    await tab.signIn(`/stuck?q=${id}`);
    await tab.writeMode();
    await page.getByRole('button', { name: 'Give up and undo' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why, for the record').fill('the shelf has burnt down');
    await dialog.getByRole('button', { name: 'Give up and undo' }).click();
    await untilIs(id, 'FAILED');
    await tab.goto(`/sagas?id=${id}`);
    await page.locator('.course').getByText('Compensate').click();
    await page.getByText('operator: the shelf has burnt down').waitFor();
  });

  it('says of a checkout whose actor is parked why, and releases it', async () => {
    await using around = reach(parseConfig(reached), createProgress({ write: () => undefined }));
    const { parked } = await around.cluster();
    const [id = ''] = await leaveParked(shop.client, pool, parked, [3]);
    // Until then its step may be under way.
    const stuckOnes = async () => (await trolley('sagas', 'stuck', '--json')).output;
    await eventually(
      async () => (await stuckOnes()).includes(id),
      'the parked checkout among the stuck ones',
    );
    await tab.signIn(`/stuck?q=${id}`);
    await tab
      .row('user 3')
      .getByText(/^Parked .* ago, after 3 tries: .*unwelcome/)
      .waitFor();
    expect(await tab.row('user 3').getByRole('button', { name: 'Try now' }).count()).to.equal(0);
    await pool.query('ALTER TABLE checkout_sessions DROP CONSTRAINT unwelcome');
    await tab.writeMode();
    await tab.row('user 3').getByRole('button', { name: 'Release' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click();
    await untilIs(id, 'COMPLETED');
    await page.getByText('Nothing matches the filter.').waitFor();
  });

  it('has a stuck checkout resumed by command as well', async () => {
    const id = stuck.get(703)!;
    const listed = await trolley('sagas', 'stuck', '--json');
    expect(listed.output).to.include(id);
    const { code, lines } = await trolley('sagas', 'resume', id);
    expect(code, lines.join('\n')).to.equal(0);
    await untilIs(id, 'COMPLETED');
    expect(await lastAudited(`checkout/${id}`)).to.include({ source: 'command', outcome: 'done' });
  });

  it('shows what waits in the outbox, and leads to its saga’s events', async () => {
    await tab.signIn('/outbox');
    const { rows } = await pool.query('SELECT id FROM outbox_events WHERE processed_at IS NULL');
    await page.getByText(`${rows.length} events`, { exact: true }).waitFor();
    await tab.row(bought).getByRole('link', { name: '1', exact: true }).click();
    await page.getByText('No such event.').waitFor();
  });

  it('shows a dead event once, however many groups have rejected it, and discards it whole', async () => {
    await tab.signIn('/dead-events');
    await tab.writeMode();
    expect(await tab.row(unreadable).count()).to.equal(1);
    await page.getByRole('link', { name: unreadable }).click();
    const letter = page.getByRole('region', { name: 'Dead event' });
    await letter.getByText('a torn page').waitFor();
    await letter.getByRole('button', { name: 'Discard' }).click();
    const dialog = page.getByRole('dialog', { name: 'Discard this event' });
    await dialog.getByLabel('Reason, for the record').fill('nobody can read it');
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('Consumers have understood every event.').waitFor();
    const { output } = await trolley('events', 'dead', '--json');
    expect(JSON.parse(output)).to.deep.include({ items: [] });
  });
});
