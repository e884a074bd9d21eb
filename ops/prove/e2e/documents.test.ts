import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { searchPath } from '../testing/test-servers.ts';
import { blocksOf, type Block } from './document-blocks.ts';
import { portOf, temporaryDataDir, type Environment } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

/*
 * What the documents tell people to type, typed. Only ports and folders are others here, and what a block needs that
 * not every machine has is said below: such a block is parsed, and what it names has to be there.
 */

const root = join(import.meta.dirname, '..', '..', '..');
/** All but the changelog: that tells of what was. */
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...['runtime', 'actors', 'gateway', 'proto', 'ops'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
      .map((path) => `${room}/${path}`)
      .sort(),
  ),
];

/** By what the block begins with: why it is not run here. */
const notRun: readonly (readonly [string, string])[] = [
  ['npm run bench  ', 'measures for minutes, and fails where the machine falls short of a bar'],
  ['npm start ', 'start.test.ts starts the real npm start; npm test is what runs this'],
  ['grpcurl ', 'a program in Go; npm run deploy:check calls every RPC with it'],
  ['docker ', 'needs a container engine'],
  ['kubectl ', 'needs a cluster'],
  ['npm run -s console:user ', 'wants a password; console-user.test.ts runs it'],
  ['curl -u operator:', 'needs the password that a start makes up'],
  ['npm run verify', 'most are runs of minutes of their own; the short ones are run'],
  ['git clone ', 'needs a published repository; what follows it is run by bank-account.int.test.ts'],
  ['npm run backup -- --to /backups/2', 'the same commands as in the guide, which are run'],
  ['npx trolley-statechart ', 'draws a machine of the reader; statechart-package.int.test.ts runs it on one'],
  ['TEST_POSTGRES_URL=', 'needs a PostgreSQL of another version'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT=', 'needs a collector; ops/prove/e2e/tracing.kafka.int.test.ts is one'],
];

interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly told: string;
}

async function run(program: string, args: readonly string[], cwd: string, env: Environment): Promise<Ran> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, told };
}

const shell = (code: string, env: Environment) => run('bash', ['-euo', 'pipefail', '-c', code], root, env);

const blocks = documents.flatMap(blocksOf);

/** Takes the steps of "Add an actor" in a copy of this repository. Returns the files that they write and change. */
async function addAnActor(copy: string): Promise<string[]> {
  const rooms = ['proto', 'runtime', 'actors', 'gateway', 'ops'];
  for (const name of [...rooms, 'package.json', 'package-lock.json', 'tsconfig.json', '.env.example'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const steps = blocks.filter(
    ({ place, above }) => place.startsWith('ARCHITECTURE.md') && /^\*\*\d\./.test(above),
  );
  expect(steps.map(({ language }) => language)).to.deep.equal(['ts', 'ts', 'ts', 'ts', 'ts', 'ts', 'diff']);
  const files: string[] = [];
  for (const { language, above, code } of steps) {
    if (language === 'diff') {
      writeFileSync(join(copy, 'wishlist.diff'), code);
      const applied = await run('git', ['apply', 'wishlist.diff'], copy, { PATH: searchPath });
      expect([applied.code, applied.told]).to.deep.equal([0, '']);
      for (const [, file = ''] of code.matchAll(/^\+\+\+ b\/(.*)$/gm)) files.push(file);
    } else {
      const file = /`((?:actors|gateway)\/[^`]+)`/.exec(above)?.[1] ?? expect.fail(`which file? ${above}`);
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      writeFileSync(join(copy, file), code);
      files.push(file);
    }
  }
  return files;
}
const shellBlocks = blocks.filter(({ language }) => language === 'sh');

/** As GitHub names them in links. */
function headingsOf(document: string): string[] {
  const headings = readFileSync(join(root, document), 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, words = '']) =>
    words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
const beginning = (start: string) => {
  const found = shellBlocks.find(({ code }) => code.startsWith(start));
  return found ?? expect.fail(`no block begins with ${start}`);
};

describe('the documents', function () {
  this.timeout(120_000);
  const ran = new Set<Block>();
  let shop: ShopProcess;
  let folder: string;
  /** This repository, with the actor of ARCHITECTURE.md added. */
  let copy: string;
  /** What that has written and changed. */
  let wishlist: readonly string[];
  let env: Environment;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-documents-'));
    copy = join(folder, 'copy');
    wishlist = await addAnActor(copy);
    shop = await ShopProcess.startCopy(copy, { DATA_DIR: temporaryDataDir() });
    env = {
      PATH: searchPath,
      HOME: folder,
      DATA_DIR: shop.dataDir,
      REDIS_URL: '',
      POSTGRES_URL: '',
      npm_config_update_notifier: 'false',
    };
  });
  after(async () => {
    shop.signal('SIGTERM');
    await shop.ended;
    rmSync(shop.dataDir, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  /** The block as written, but for where this shop is. */
  function take(start: string): string {
    const block = beginning(start);
    ran.add(block);
    return block.code
      .replaceAll('localhost:8080', `localhost:${portOf(shop.lines, 'gateway')}`)
      .replaceAll('localhost:50052', `localhost:${portOf(shop.lines, 'cart gRPC façade')}`)
      .replaceAll(/\/backups\/\S+/g, join(folder, 'backup'))
      .replaceAll('/srv/trolley', join(folder, 'restored'));
  }

  it('let a newcomer buy something, and be refused', async () => {
    const code =
      take('TOKEN=$(npm run -s token') + take(`api localhost:8080/api/v1/cart/items -d '{"product_id":3`);
    const { code: status, output, told } = await shell(code + code, env);
    expect([status, told]).to.deep.equal([0, '']);
    const answers = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers[3]).to.include({ status: 'COMPLETED', total_amount: 2629.97 });
    expect(answers.at(-1)).to.include({
      status: 'FAILED',
      failure_reason: 'payment_declined: card_declined',
    });
    // Pasted twice, it buys twice.
    expect(answers).to.have.length(16);
    expect(answers[11]).to.include({ status: 'COMPLETED' });
    expect(answers[11]!['checkout_id']).not.to.equal(answers[3]!['checkout_id']);
  });

  for (const program of ['sh', 'bash']) {
    it(`and the welcome may be pasted again and again, into ${program}`, async () => {
      const welcome = shop.lines.filter((line) => /^ {2}(TOKEN=|curl )/.test(line)).join('\n');
      const script = `${welcome}\n${welcome}`;
      const { code, output, told } = await run(program, ['-euc', script], folder, env);
      expect([code, told]).to.deep.equal([0, '']);
      const bought = output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((answer) => 'checkout_id' in answer);
      expect(bought.map(({ status }) => status)).to.deep.equal(['COMPLETED', 'COMPLETED']);
      expect(new Set(bought.map((each) => each['checkout_id']))).to.have.length(2);
    });
  }

  it('let a caller of gRPC read a cart', async () => {
    const { code, output, told } = await shell(take('npx buf curl'), env);
    expect([code, told]).to.deep.equal([0, '']);
    expect(JSON.parse(output)).to.have.nested.property('cart.userId', '1');
  });

  it('let an operator back up, restore, reconcile and look for dead letters', async () => {
    const { code, told } = await shell(take('npm run backup -- --to /backups/today'), env);
    expect(code, told).to.equal(0);
    // What these commands do is told there, too: a line for each thing done.
    const other = told.split('\n').filter((line) => !/^(✓ |  |\d+ |$)/.test(line));
    expect(other).to.deep.equal([]);
  });

  /** Runs the code of a page in the clone, and expects what its comments say that it prints. */
  async function runAsCommented(page: string, environment: Environment): Promise<void> {
    const block = blocks.find(({ place, language }) => place.startsWith(page) && language === 'ts')!;
    const file = join(copy, 'as-commented.ts');
    writeFileSync(file, block.code);
    const node = ['--conditions=@trolley/source', '--import', 'tsx', file];
    const { code, output, told } = await run('node', node, copy, { ...env, ...environment });
    expect([code, told]).to.deep.equal([0, '']);
    const expected = [...block.code.matchAll(/^ *console\.log\(.*\/\/ (.*)$/gm)].map(([, said]) => said);
    expect(expected.length).to.be.greaterThan(2);
    expect(output.trim().split('\n')).to.deep.equal(expected);
  }

  it('show a counter that counts as the comments say', async () => {
    await runAsCommented('ops/guide/library.md', { REDIS_URL: (await createTestRedis()).url });
  });

  it('show a client that buys as the comments say', async () => {
    const { token } = await shop.client.user(21);
    await runAsCommented('ops/guide/client.md', { SHOP_URL: shop.client.url, TOKEN: token });
  });

  it('tell how to add an actor: it compiles, its test passes, and the shop has its routes', async () => {
    const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
      compilerOptions: object;
    };
    writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: wishlist }));
    const compiled = await run('node', ['node_modules/typescript/bin/tsc'], copy, env);
    expect([compiled.code, compiled.output]).to.deep.equal([0, '']);

    const mocha = [
      '--conditions=@trolley/source',
      '--import',
      'tsx',
      join(root, 'node_modules', 'mocha', 'lib', 'cli', 'cli.js'),
    ];
    const tests = wishlist.filter((file) => file.endsWith('.test.ts'));
    const { code, output, told } = await run('node', [...mocha, ...tests], copy, env);
    expect([code, told], output).to.deep.equal([0, '']);
    expect(output).to.include('1 passing');

    const user = await shop.client.user(7);
    const wished = await user.send('POST', '/wishlist', { json: { product_id: 3 } });
    expect([wished.status, wished.body]).to.deep.equal([201, { product_ids: [3] }]);
    const [read, others] = [await user.send('GET', '/wishlist'), await shop.client.user(8)];
    expect([read.status, read.body]).to.deep.equal([200, { product_ids: [3] }]);
    expect((await others.send('GET', '/wishlist')).body).to.deep.equal({ product_ids: [] });
  });

  it('let a developer list the benches and the ways to treat it badly, and write what is generated', async () => {
    const generated = [
      'ops/guide/configuration.md',
      '.env.example',
      'proto/gen/services.binpb',
      'ops/guide/pictures/shop.svg',
    ];
    const texts = () => generated.map((file) => readFileSync(join(copy, file)).toString('latin1'));
    const before = texts();
    const { code: block } = beginning('npm run verify');
    const short = block
      .split('\n')
      .filter((line) => /^npm run (bench|chaos|proto|config:docs|pictures) /.test(line));
    expect(short).to.have.length(5);
    const { code, output, told } = await run('bash', ['-euc', short.join('\n')], copy, env);
    expect([code, told], output).to.deep.equal([0, '']);
    for (const name of ['mailbox', 'sizing', 'cluster', 'outage'])
      expect(output).to.match(new RegExp(`^ +${name} `, 'm'));
    expect(texts()).to.deep.equal(before);
  });

  it('name nothing that is not there, and nothing that bash does not take', async () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    for (const { place, code } of shellBlocks) {
      const parsed = await run('bash', ['-n', '-c', code], root, env);
      expect([parsed.code, parsed.told], place).to.deep.equal([0, '']);
      for (const [, script = ''] of code.matchAll(/npm run (?:-s )?([\w:]+)/g))
        expect(Object.keys(scripts), place).to.include(script);
      for (const [path] of code.matchAll(/(?<=\s)(?:ops|runtime|actors)\/[\w./-]*\w(?=[\s)])/g))
        expect(existsSync(join(root, path)), `${place} ${path}`).to.equal(true);
    }
  });

  it('show in the README of the runtime nothing but code that is compiled and run', () => {
    // Indentation and line breaks follow the width of the page; everything else has to be the same.
    const withoutSpace = (code: string) =>
      code.replaceAll(/\s+/g, '').replaceAll(',)', ')').replaceAll(',}', '}');
    const shown = blocks.filter(({ place, language }) => place.startsWith('runtime/') && language === 'ts');
    expect(shown.length).to.be.greaterThan(5);
    for (const { place, above, code } of shown) {
      const file = /^<!-- from (\S+) -->$/.exec(above)?.[1] ?? expect.fail(`${place}: where is this from?`);
      const source = withoutSpace(readFileSync(join(root, 'runtime', file), 'utf8'));
      for (const part of code.split(/^\s*\/\/ …\n/m))
        expect(source.includes(withoutSpace(part)), `${place}: ${file} has no\n${part}`).to.equal(true);
    }
  });

  it('link only to files and headings that are there', () => {
    for (const document of documents) {
      const text = readFileSync(join(root, document), 'utf8');
      for (const [, link = '', heading] of text.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)) {
        if (/^https?:/.test(link)) continue;
        const target = link === '' ? document : join(dirname(document), link);
        expect(existsSync(join(root, target)), `${document}: ${link}`).to.equal(true);
        if (heading === undefined) continue;
        expect(headingsOf(target), `${document}: ${link}#${heading}`).to.include(heading);
      }
    }
  });

  it('are run as they are written, or say why not', () => {
    const left = shellBlocks.filter((block) => !ran.has(block));
    const unexplained = left.filter(({ code }) => !notRun.some(([start]) => code.startsWith(start)));
    expect(unexplained.map(({ place, code }) => `${place} ${code}`)).to.deep.equal([]);
  });
});
