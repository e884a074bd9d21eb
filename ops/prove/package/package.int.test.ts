import { execFile } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { publint } from 'publint';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { temporaryFolder } from '../../shop/process/temporary-folder.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const { resolve } = createRequire(import.meta.url);
const installedVersion = (name: string) =>
  (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
    .version;

describe('the package', function () {
  // npm fetches what the package depends on.
  this.timeout(300_000);
  let consumer: string;
  let tarball: string;
  let packed: string[];

  const npm = (...args: string[]) =>
    run('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline'], { cwd: consumer });
  const installed = (name: string) => existsSync(join(consumer, 'node_modules', name));

  before(async () => {
    const folder = temporaryFolder('package');
    consumer = join(folder, 'consumer');
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: join(root, 'runtime'),
    });
    // What the build says comes before.
    const [report] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [
      { filename: string; files: { path: string }[] },
    ];
    tarball = join(folder, report.filename);
    packed = report.files.map(({ path }) => path);
    mkdirSync(consumer);
    writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  });

  it('holds what its users need, and nothing else', () => {
    expect(packed).to.include.members([
      'package.json',
      'README.md',
      'LICENSE',
      'dist/index.js',
      'dist/index.d.ts',
      // The README goes through it.
      'example/bank-account.ts',
    ]);
    expect(
      packed.filter(
        (path) => /\.test\.|^node_modules|tsbuildinfo|\.map$/.test(path) && !/^dist\/.*\.map$/.test(path),
      ),
    ).to.deep.equal([]);
    // A source map leads to a source that is there.
    for (const path of packed.filter((one) => /^dist\/.*\.js$/.test(one))) {
      expect(packed, path).to.include(path.replace('dist/', '').replace(/\.js$/, '.ts'));
    }
  });

  it('has an entry point for everything that it promises, with types', async () => {
    const { messages } = await publint({ pkgDir: join(root, 'runtime'), strict: true });
    expect(messages).to.deep.equal([]);
    const attw = resolve('@arethetypeswrong/cli/package.json').replace('package.json', 'dist/index.js');
    // Ends with 1, and says why, when a type cannot be found by an ES module or a bundler.
    await run(process.execPath, [attw, tarball, '--profile', 'esm-only']);
  });

  it('brings no driver and nothing of the shop with it', async () => {
    await npm('install', tarball, '--ignore-scripts');
    expect(installed('bullmq')).to.equal(true);
    const unwanted = [
      'koa',
      '@grpc/grpc-js',
      'kafkajs',
      'pg',
      'mongodb',
      'better-sqlite3',
      'xstate',
      'mocha',
      'chai',
    ];
    expect(unwanted.filter(installed)).to.deep.equal([]);
  });

  it('is compiled by a strict consumer and runs its example with plain Node, on Redis and SQLite', async () => {
    const tools = ['typescript', '@types/node', 'better-sqlite3', '@types/better-sqlite3', 'zod'].map(
      (name) => `${name}@${installedVersion(name)}`,
    );
    // Compiled here already, for this Node.
    await npm('install', ...tools, '--ignore-scripts');
    cpSync(
      join(root, 'node_modules/better-sqlite3/build/Release'),
      join(consumer, 'node_modules/better-sqlite3/build/Release'),
      {
        recursive: true,
      },
    );
    const sources = ['bank-account.ts', 'run-bank.ts', 'main.ts'];
    for (const name of sources) copyFileSync(join(root, 'runtime/example', name), join(consumer, name));
    const compilerOptions = {
      ...{ target: 'ES2022', module: 'NodeNext', strict: true, exactOptionalPropertyTypes: true },
      ...{ noUncheckedIndexedAccess: true, skipLibCheck: false, types: ['node'], outDir: 'out' },
      ...{ allowImportingTsExtensions: true, rewriteRelativeImportExtensions: true },
    };
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: sources }));
    const compiled = await run(process.execPath, ['node_modules/typescript/bin/tsc'], {
      cwd: consumer,
    }).catch((error: unknown) => error as { stdout: string });
    expect(compiled.stdout).to.equal('');
    expect(readdirSync(join(consumer, 'out'))).to.include('main.js');

    const { url } = await createTestRedis();
    const { stdout, stderr } = await run(process.execPath, ['out/main.js', url, 'bank.db'], {
      cwd: consumer,
    });
    expect(stderr).to.equal('');
    expect(stdout).to.equal(
      'ann: -7000 cents\nben: 12000 cents\ntoo much to withdraw: overdrawn by 10000 cents at most\n',
    );
    expect(existsSync(join(consumer, 'bank.db'))).to.equal(true);
  });
});
