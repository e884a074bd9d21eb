import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { ConsoleTab } from '../testing/console-tab.ts';
import { openBrowser } from '../testing/open-browser.ts';
import { type ConsoleWorld, openConsoleWorld, Parcel, Van } from './console-world.ts';
import { eventually } from './eventually.ts';

describe('the console in a browser', function () {
  this.timeout(60_000);
  let world: ConsoleWorld;
  let browser: Browser;
  let tab: ConsoleTab;
  let page: Page;

  before(async () => {
    [world, browser] = await Promise.all([openConsoleWorld(), openBrowser()]);
    const { cluster } = world;
    await cluster.ref(Parcel, 'A-1').move({ to: 'Basel' });
    await cluster.ref(Parcel, 'A-1').weigh({ grams: 700 });
    for (const key of ['A-1', 'A-2', 'B-7']) await cluster.ref(Parcel, key).lose({ by: 'carrier' });
    await cluster.ref(Van, '12').drive({ km: 5 });
    await cluster.ref(Van, '12').drive({ km: 6 });
    await eventually(async () => {
      const [dead, parked] = await Promise.all([cluster.deadLetters.list(), cluster.parked.list()]);
      return dead.items.length === 3 && parked.items.length === 1;
    }, 'three dead letters and a parked actor');
  });
  after(async () => {
    await browser.close();
    await world.close();
  });

  beforeEach(async () => {
    tab = await ConsoleTab.open(browser, world);
    page = tab.page;
  });
  afterEach(() => tab.close());

  const row = (text: string) => tab.row(text);

  it('lets nobody in with a wrong password, and says so', async () => {
    await page.goto(world.url);
    await page.getByLabel('Name').fill('operator');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('the name or the password is wrong').waitFor();
    expect(await page.getByRole('navigation').count()).to.equal(0);
  });

  it('answers the three questions on its first page', async () => {
    await tab.signIn();
    await row('3 dead letters').getByText('replay or discard').waitFor();
    await row('van 12 is parked').getByText('the engine does not start').waitFor();
    await tab.picture('overview');
    await row('van 12 is parked').getByRole('link').first().click();
    await row('van 12').getByRole('button', { name: 'Release' }).waitFor();
    expect(new URL(page.url()).search).to.equal('?q=van+12');
  });

  const pages: readonly (readonly [path: string, shows: string])[] = [
    ['/', 'van 12 is parked'],
    ['/mailboxes', 'parcel A-1'],
    ['/mailboxes?type=parcel&key=A&state=failed&order=oldest', 'parcel A-2'],
    ['/actors', 'parcel A-1'],
    ['/actors?type=parcel&key=A-1', 'Effects that it wants: 1'],
    ['/parked', 'the engine does not start'],
    ['/cluster', '16 shards'],
    ['/dead-letters', 'the carrier has no such parcel'],
    ['/audit', 'Nobody has done anything yet.'],
  ];
  for (const scheme of ['light', 'dark'] as const)
    it(`shows every page, in ${scheme}, with nothing serious for axe`, async () => {
      await page.emulateMedia({ colorScheme: scheme });
      await tab.signIn();
      for (const [path, shows] of pages) {
        await page.goto(`${world.url}${path}`);
        await page.getByText(shows, { exact: false }).first().waitFor();
        const name = path.replace(/[^a-z]+/g, '-').replace(/^-|-$/g, '') || 'overview';
        await tab.picture(`${name}-${scheme}`);
        expect(await tab.seriousProblems(), path).to.deep.equal([]);
      }
    });

  it('finds and releases a parked actor at 390 pixels', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await tab.signIn('/parked');
    await row('van 12').getByRole('button', { name: 'Release' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('button', { name: 'Release', exact: true }).isDisabled()).to.equal(true);
    await dialog.getByRole('button', { name: 'Turn write mode on' }).click();
    await tab.picture('release-390');
    expect(await tab.width(), 'the width of the page').to.be.at.most(390);
    await dialog.getByLabel('becomes a dead letter').check();
    await dialog.getByRole('button', { name: 'Release', exact: true }).click();
    // The second message fails as the first did.
    await eventually(async () => {
      const { items } = await world.cluster.deadLetters.list({ type: 'van' });
      return items.length === 1 && items[0]?.message === 'Drive';
    }, 'the first message as a dead letter');
    await dialog.waitFor({ state: 'detached' });
    const { rows } = await world.pool.query(
      `SELECT who, action, target, outcome, details FROM console_audit ORDER BY id DESC LIMIT 1`,
    );
    expect(rows).to.deep.equal([
      {
        who: 'operator',
        action: 'release parked actor',
        target: 'van/12',
        outcome: 'done',
        details: { firstMessage: 'give-up' },
      },
    ]);
  });

  it('finds a dead letter by what one types, replays it once it is mended, and it is gone', async () => {
    world.mend();
    await tab.signIn('/dead-letters');
    await tab.writeMode();
    await page.keyboard.press('/');
    await page.keyboard.type('B-7 carrier');
    expect(await page.getByRole('row').count()).to.equal(2);
    await row('B-7').getByRole('link', { name: 'Lose' }).click();
    const letter = page.getByRole('region', { name: 'Dead letter' });
    await letter.getByText('"by": "carrier"').waitFor();
    await tab.picture('dead-letter');
    await letter.getByRole('button', { name: 'Replay' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
    await eventually(async () => {
      const { state } = await world.cluster.actors.inspect('parcel', 'B-7');
      return state?.json === '{"at":"found again","grams":0}';
    }, 'what the message does');
    expect((await world.cluster.deadLetters.list({ type: 'parcel', key: 'B-7' })).items).to.deep.equal([]);
    await page.getByText('Nothing matches the filter.').waitFor();
  });

  it('replays those that are listed, after a look at which, and says how many', async () => {
    await tab.signIn('/dead-letters?type=parcel&reason=carrier');
    await tab.writeMode();
    await page.getByRole('button', { name: 'Replay these 2' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay 2 dead letters' });
    await dialog.getByText('of parcel A-2: the carrier has no such parcel').waitFor();
    await tab.picture('replay-many');
    await dialog.getByRole('button', { name: 'Replay these 2' }).click();
    await dialog.getByText('2 replayed').waitFor();
    expect((await world.cluster.deadLetters.list({ type: 'parcel' })).items).to.deep.equal([]);
    // What was parked has left its own, which is of another type.
    expect((await world.cluster.deadLetters.list()).items.map(({ type }) => type)).to.deep.equal(['van']);
  });

  it('shows Bull Board with one mailbox, by its type and key', async () => {
    await tab.signIn('/mailboxes');
    await page.goto(`${world.url}/mailboxes/board/?type=van&key=12`);
    await page.getByText('van 12').first().waitFor();
    await page.getByText('Drive').first().waitFor();
    await tab.picture('board');
    await tab.context.clearCookies();
    await page.goto(`${world.url}/mailboxes/board/`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(new URL(page.url()).pathname).to.equal('/mailboxes');
  });

  it('sends a message with the form made of its contract, and shows the answer', async () => {
    await tab.signIn('/actors?type=parcel&key=C-3');
    await tab.writeMode();
    await page.getByRole('button', { name: 'Send' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('to', { exact: true }).fill('Zürich');
    await dialog.getByLabel('express optional').selectOption('true');
    await tab.picture('send');
    await dialog.getByRole('button', { name: 'Send' }).click();
    await dialog.getByText('it was answered').waitFor();
    await dialog.getByText('Zürich').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByText('"at": "Zürich"').waitFor();
  });

  it('gives a viewer no way to act', async () => {
    await tab.signIn('/dead-letters', 'viewer');
    await row('van 12').getByRole('link', { name: 'Drive' }).click();
    const letter = page.getByRole('region', { name: 'Dead letter' });
    expect(await letter.getByRole('button', { name: 'Replay' }).isDisabled()).to.equal(true);
    expect(await page.getByRole('button', { name: 'Write mode' }).count()).to.equal(0);
  });

  it('is led by keys, and leads back', async () => {
    await tab.signIn();
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.getByRole('heading', { name: 'Cluster' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.goBack();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });
});
