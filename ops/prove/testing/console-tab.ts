import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import type { ConsoleRole } from '../../console/auth/console-users.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
/** The folder of screenshots, which CI keeps. */
const seen = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'console');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

export interface ReachableConsole {
  readonly url: string;
  readonly passwords: Readonly<Record<ConsoleRole, string>>;
}

/** A browser tab with a console, which notes requests to other hosts and errors of the page. */
export class ConsoleTab {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #console: ReachableConsole;
  readonly #foreign: string[] = [];
  readonly #faults: string[] = [];

  private constructor(console: ReachableConsole, context: BrowserContext, page: Page) {
    this.#console = console;
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(console.url) && !url.startsWith('data:')) this.#foreign.push(url);
    });
    page.on('pageerror', (error) => this.#faults.push(error.message));
    page.on('console', (message) => {
      // Chromium tells of each answer that is no 200.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        this.#faults.push(message.text());
    });
  }

  static async open(browser: Browser, console: ReachableConsole): Promise<ConsoleTab> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    return new ConsoleTab(console, context, await context.newPage());
  }

  /** Another page of the same session. */
  async beside(): Promise<ConsoleTab> {
    return new ConsoleTab(this.#console, this.context, await this.context.newPage());
  }

  /** Closes it, and fails if it has asked another host, or broke. */
  async close(): Promise<void> {
    await this.context.close();
    this.#expectNothingWrong();
  }

  /** Closes this page of a session that goes on, with the same look at it. */
  async leave(): Promise<void> {
    await this.page.close();
    this.#expectNothingWrong();
  }

  #expectNothingWrong(): void {
    expect(this.#foreign, 'asked of foreign hosts').to.deep.equal([]);
    expect(this.#faults, 'faults of the page').to.deep.equal([]);
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.#console.url}${path}`);
  }

  async signIn(path = '/', name: ConsoleRole = 'operator'): Promise<void> {
    const { page } = this;
    await this.goto(path);
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(this.#console.passwords[name]);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation').waitFor();
  }

  async writeMode(): Promise<void> {
    await this.page.getByRole('button', { name: 'Write mode' }).click();
    await this.page.getByText(/write mode, .* left/).waitFor();
  }

  row(text: string): Locator {
    return this.page.getByRole('row').filter({ hasText: text });
  }

  async picture(name: string): Promise<void> {
    mkdirSync(seen, { recursive: true });
    await this.page.screenshot({ path: join(seen, `${name}.png`) });
  }

  /** One of the README's, which are written where TEST_PICTURES says so. */
  async pictureForReadme(name: string): Promise<void> {
    await this.picture(name);
    const folder = process.env['TEST_PICTURES'];
    if (folder === undefined) return;
    const session = await this.context.newCDPSession(this.page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
    await session.detach();
    writeFileSync(join(folder, `${name}.webp`), Buffer.from(data, 'base64'));
  }

  /** What axe-core calls serious or critical. */
  async seriousProblems(): Promise<string[]> {
    // The policy of the page lets in no script by an element; the debugger's may.
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate<AxeResult>('axe.run()');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
  }

  /** In CSS pixels; wider than the viewport means sideways scrolling. */
  width(): Promise<number> {
    return this.page.evaluate<number>('document.documentElement.scrollWidth');
  }
}
