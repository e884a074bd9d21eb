import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { build } from 'esbuild';
import { publint } from 'publint';
import { LossyProxy } from '../../../gateway/client/testing/lossy-proxy.ts';
import { openTestGateway, tokenFor, type TestGateway } from '../../../gateway/testing/test-gateway.ts';
import { temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { openBrowser } from '../testing/open-browser.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const room = join(root, 'gateway/client');
const { resolve } = createRequire(import.meta.url);

/** Buys a mouse, and tells what came of it. */
const buying = `import { createClient, isTrolleyError, type Cart, type CheckoutPage } from 'trolley-client';

export async function buy(url: string, token: string): Promise<string[]> {
  const shop = createClient({ url, token: async () => token, timeoutMs: 20_000 });
  const cart: Cart = await shop.cart.add({ product_id: 2, quantity: 1 });
  const { status, total_amount } = await shop.checkouts.run({ payment_method: 'card' });
  const { checkouts }: CheckoutPage = await shop.checkouts.list({ page_size: 5 });
  const told = [\`\${cart.items[0]?.quantity} for \${total_amount.toFixed(2)}: \${status}, \${checkouts.length}\`];
  try {
    await shop.cart.setQuantity({ product_id: 3, quantity: 1 }, { ifMatch: '"99"' });
  } catch (error) {
    if (!isTrolleyError(error) || error.code !== 'precondition_failed') throw error;
    const status: 412 = error.status;
    told.push(\`\${status} \${error.details.etag} \${error.outcomeUnknown}\`);
  }
  // @ts-expect-error a quantity is a number
  const wrong = () => shop.cart.add({ product_id: 2, quantity: '1' });
  void wrong;
  return told;
}
`;
const told = ['1 for 29.99: COMPLETED, 1', '412 "2" false'];

describe('the package of the client', function () {
  // npm fetches the compiler.
  this.timeout(300_000);
  let consumer: string;
  let tarball: string;
  let gateway: TestGateway;
  /** Stands before the gateway, and loses an answer to each changing call. */
  let proxy: LossyProxy;
  /** Serves a page that uses the client, from another origin than the gateway's. */
  let pages: Server;
  let pagesUrl: string;
  const installed = () => join(consumer, 'node_modules/trolley-client/dist');

  before(async () => {
    const folder = temporaryFolder('client-package');
    consumer = join(folder, 'consumer');
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: room });
    // What the build says comes before.
    const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string }];
    tarball = join(folder, filename);
    mkdirSync(consumer);
    writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module', private: true }));
    const { version } = JSON.parse(
      readFileSync(join(root, 'node_modules/typescript/package.json'), 'utf8'),
    ) as { version: string };
    const npm = ['install', tarball, `typescript@${version}`, '--no-audit', '--no-fund', '--prefer-offline'];
    await run('npm', npm, { cwd: consumer });

    pages = createServer((request, response) => {
      const file = basename(request.url ?? '');
      if (file === '') return void response.setHeader('Content-Type', 'text/html').end(page);
      const path = join(file === 'buy.js' ? join(consumer, 'out') : installed(), file);
      // A browser asks for an icon, too.
      if (!existsSync(path)) return void response.writeHead(404).end();
      response.setHeader('Content-Type', 'text/javascript').end(readFileSync(path));
    });
    await new Promise<void>((listening) => pages.listen(0, '127.0.0.1', listening));
    pagesUrl = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    gateway = await openTestGateway({ corsOrigins: [pagesUrl] });
    proxy = await LossyProxy.open(gateway.gateway.url);
    proxy.loses = 1;
  });
  after(async () => {
    await proxy.close();
    await gateway.close();
    pages.closeAllConnections();
    await new Promise((closed) => pages.close(closed));
  });

  it('has an entry point with types, and brings nothing with it', async () => {
    const { messages } = await publint({ pkgDir: room, strict: true });
    expect(messages).to.deep.equal([]);
    const attw = resolve('@arethetypeswrong/cli/package.json').replace('package.json', 'dist/index.js');
    await run(process.execPath, [attw, tarball, '--profile', 'esm-only']);
    const others = readdirSync(join(consumer, 'node_modules')).filter(
      (name) => !['trolley-client', 'typescript', '@typescript'].includes(name) && !name.startsWith('.'),
    );
    expect(others).to.deep.equal([]);
  });

  it('is compiled by a strict consumer who has a browser, and no Node', async () => {
    writeFileSync(join(consumer, 'buy.ts'), buying);
    const compilerOptions = {
      ...{ target: 'ES2022', module: 'NodeNext', lib: ['ES2022', 'DOM'], types: [], outDir: 'out' },
      ...{
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
      },
    };
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['buy.ts'] }));
    const compiled = await run(process.execPath, ['node_modules/typescript/bin/tsc'], {
      cwd: consumer,
    }).catch((error: unknown) => error as { stdout: string });
    expect(compiled.stdout).to.equal('');
  });

  it('buys once by plain Node, though answers are lost', async () => {
    const script = `import { buy } from './out/buy.js';
console.log(JSON.stringify(await buy(...process.argv.slice(2))));`;
    writeFileSync(join(consumer, 'main.js'), script);
    const { stdout } = await run(process.execPath, ['main.js', proxy.url, await tokenFor(1)], {
      cwd: consumer,
    });
    expect(JSON.parse(stdout)).to.deep.equal(told);
    expect(proxy.lost).to.equal(3);
  });

  it('buys once as a module in a page of another origin', async () => {
    const browser = await openBrowser();
    try {
      const tab = await browser.newPage();
      await tab.goto(pagesUrl);
      const call = `import('/buy.js').then(({ buy }) => buy('${proxy.url}', '${await tokenFor(2)}'))`;
      expect(await tab.evaluate(call)).to.deep.equal(told);
    } finally {
      await browser.close();
    }
  });

  it('is as small as its README says', async () => {
    const { outputFiles } = await build({
      ...{
        entryPoints: [join(installed(), 'index.js')],
        bundle: true,
        minify: true,
        format: 'esm',
        write: false,
      },
    });
    const [kilobytes] = /(?<=under )\d+(?= KB minified and gzipped)/.exec(
      readFileSync(join(room, 'README.md'), 'utf8'),
    )!;
    expect(gzipSync(outputFiles[0]!.contents, { level: 9 }).length).to.be.lessThan(Number(kilobytes) * 1024);
  });
});

const page = `<!doctype html><title>Buy</title><script type="importmap">
{ "imports": { "trolley-client": "/client/index.js" } }
</script>`;
