import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { openTestGateway, tokenFor, type TestGateway } from '../../../gateway/testing/test-gateway.ts';
import { openBrowser } from '../testing/open-browser.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
/** Screenshots are left there. */
const pictures = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'docs');

describe('the page of the API in a browser', function () {
  this.timeout(60_000);
  let open: TestGateway;
  let browser: Browser;
  let page: Page;
  const foreign: string[] = [];
  const faults: string[] = [];

  before(async () => {
    [open, browser] = await Promise.all([openTestGateway(), openBrowser()]);
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(30_000);
    page.on('request', (request) => {
      if (!request.url().startsWith(open.gateway.url) && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(`${open.gateway.url}/docs`);
    await page.getByText('/api/v1/cart/items', { exact: false }).first().waitFor();
  });
  after(async () => {
    await browser.close();
    await open.close();
  });

  it('shows every operation, with nothing from another host and nothing that its policy forbids', async () => {
    const document: unknown = (await open.send('GET', '/openapi.json')).json;
    const paths = Object.values((document as { paths: Record<string, object> }).paths);
    const operations = paths.flatMap((methods) => Object.keys(methods));
    expect(await page.locator('.opblock').count()).to.equal(operations.length);
    await page.screenshot({ path: join(pictures, 'all.png') });
    expect({ foreign, faults }).to.deep.equal({ foreign: [], faults: [] });
  });

  it('tries out what the user of a token may do', async () => {
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page
      .getByRole('textbox')
      .first()
      .fill(await tokenFor(1));
    await expectNothingForAxe();
    await page.locator('.auth-container').getByRole('button', { name: 'Authorize' }).click();
    await page.getByRole('button', { name: 'Close' }).first().click();
    const add = page.locator('#operations-Cart-addCartItem');
    await add.locator('.opblock-summary').click();
    await add.getByRole('button', { name: 'Execute' }).click();
    await add.getByText('"total_price": 2599.98', { exact: false }).waitFor();
    await page.screenshot({ path: join(pictures, 'tried-out.png'), fullPage: false });
    expect(open.memory.carts.get('1')?.items.map(({ quantity }) => quantity)).to.deep.equal([2]);
    expect({ foreign, faults }).to.deep.equal({ foreign: [], faults: [] });
  });

  it('has nothing for axe, with an operation of each method and what was answered', async () => {
    for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
      const closed = page.locator(`.opblock-${method}:not(.is-open) .opblock-summary`).first();
      await closed.click();
    }
    await page.locator('.opblock-put').getByRole('button', { name: 'Execute' }).first().waitFor();
    await expectNothingForAxe();
  });

  it('puts an operation that is opened into the address', async () => {
    const before = page.url();
    await page.locator('.opblock-delete:not(.is-open) .opblock-summary').first().click();
    await page.waitForURL((url) => url.href !== before && url.hash.startsWith('#/'));
  });

  async function expectNothingForAxe(): Promise<void> {
    await page.evaluate(axe);
    const { violations } = await page.evaluate<{ violations: { id: string; help: string }[] }>(
      `axe.run({ resultTypes: ['violations'] })`,
    );
    expect(violations.map(({ id, help }) => `${id}: ${help}`)).to.deep.equal([]);
  }
});
