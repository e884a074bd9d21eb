import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { publint } from 'publint';
import { temporaryFolder } from '../../shop/process/temporary-folder.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const room = join(root, 'ops/console/statechart');

const machine = `import { createMachine } from 'xstate';
const key: string = 'a';
export const door = createMachine({ id: 'door', initial: key, states: { a: { on: { OPEN: 'b' } }, b: {} } });
`;
/** Asks the page for all of its parts, as a server of somebody else. */
const server = `import { createServer } from 'node:http';
import { readMachine, statechartHandler } from 'trolley-statechart';
import { createMachine } from 'xstate';
const server = createServer(statechartHandler({ charts: () => [readMachine(createMachine({ id: 'a' }))] }));
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  for (const part of ['', 'page.js', 'page.css', 'picture.css', 'api/picture.svg?machine=a'])
    console.log((await fetch('http://127.0.0.1:' + port + '/' + part)).status);
  server.close();
  server.closeAllConnections();
});
`;

describe('the package of statecharts', function () {
  // npm fetches what the package depends on.
  this.timeout(300_000);
  let consumer: string;
  let tarball: string;

  before(async () => {
    const folder = temporaryFolder('statechart-package');
    consumer = join(folder, 'consumer');
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: room });
    // What the build says comes before.
    const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string }];
    tarball = join(folder, filename);
    mkdirSync(consumer);
    writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module', private: true }));
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules/tsx/package.json'), 'utf8')) as {
      version: string;
    };
    const npm = ['install', tarball, `tsx@${version}`, '--no-audit', '--no-fund', '--prefer-offline'];
    await run('npm', npm, { cwd: consumer });
  });

  it('has an entry point with types, and brings nothing of the shop', async () => {
    const { messages } = await publint({ pkgDir: room, strict: true });
    expect(messages).to.deep.equal([]);
    const { resolve } = createRequire(import.meta.url);
    const attw = resolve('@arethetypeswrong/cli/package.json').replace('package.json', 'dist/index.js');
    // What a browser loads has no types.
    const typed = ['--profile', 'esm-only', '--exclude-entrypoints', './chart-view.js'];
    await run(process.execPath, [attw, tarball, ...typed]);
    const unwanted = ['bullmq', 'ioredis', 'pino', 'zod', 'koa', '@trolley/runtime'];
    expect(unwanted.filter((name) => existsSync(join(consumer, 'node_modules', name)))).to.deep.equal([]);
  });

  it('draws the machine of a stranger, and shows its page', async () => {
    writeFileSync(join(consumer, 'machine.ts'), machine);
    await run('npx', ['trolley-statechart', 'machine.ts', '--out', 'machine.svg'], { cwd: consumer });
    expect(readFileSync(join(consumer, 'machine.svg'), 'utf8')).to.include('data-transition="door.a/OPEN/0"');
    writeFileSync(join(consumer, 'server.js'), server);
    const { stdout } = await run(process.execPath, ['server.js'], { cwd: consumer });
    expect(stdout).to.equal('200\n'.repeat(5));
  });
});
