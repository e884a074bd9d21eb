import { execFile, type ExecFileException } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { compile } from './compile.mjs';

const root = join(import.meta.dirname, '..', '..', '..');

/** A repository like this one, in small. */
const repository = {
  'package.json': '{ "type": "module" }',
  'runtime/package.json': JSON.stringify({
    name: '@trolley/runtime',
    exports: {
      '.': { '@trolley/source': './index.ts', default: './dist/index.js' },
      './clock': { '@trolley/source': './define/clock.ts' },
      './package.json': './package.json',
    },
  }),
  'runtime/index.ts': `export * from './define/clock.ts';`,
  'runtime/define/clock.ts': `export const now = (): string => 'noon';`,
  'runtime/example/main.ts': `console.log('an example');`,
  'ops/console/statechart/package.json': '{ "name": "trolley-statechart", "exports": {} }',
  'ops/shop/process/ending.mjs': `console.log('first');`,
  'ops/shop/main.ts': [
    `import './process/ending.mjs';`,
    `import { now } from '@trolley/runtime/clock';`,
    `import * as runtime from '@trolley/runtime';`,
    `import type { Cart } from '../../actors/cart.ts';`,
    `const { add } = await import('../../actors/cart.ts');`,
    `const cart: Cart = { items: [] };`,
    `console.log(now === runtime.now, "import './as-it-is.ts'", add(cart, now()));`,
  ].join('\n'),
  'actors/cart.ts': [
    `export interface Cart {`,
    `  readonly items: readonly string[];`,
    `}`,
    ``,
    `export function add(cart: Cart, item: string): string {`,
    `  return [...cart.items, item, new Error().stack?.split('\\n')[1]].join(' ');`,
    `}`,
  ].join('\n'),
  'actors/cart.test.ts': `throw new Error('a test');`,
  'gateway/page.html': '<!doctype html>',
};

describe('compile', function () {
  this.timeout(60_000);
  let folder: string;
  let dist: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-compile-'));
    dist = join(folder, 'dist');
    for (const [path, text] of Object.entries(repository)) write(path, text);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }

  /** All files of `dist/`, by path. */
  function compiled(): Record<string, string> {
    const paths = readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort();
    const files = paths.filter((path) => statSync(join(dist, path)).isFile());
    return Object.fromEntries(files.map((path) => [path, readFileSync(join(dist, path), 'utf8')]));
  }

  const node = (...args: string[]) =>
    new Promise<{ error: ExecFileException | null; output: string; told: string }>((resolve) => {
      execFile(process.execPath, args, { cwd: folder, timeout: 60_000 }, (error, output, told) =>
        resolve({ error, output, told }),
      );
    });

  /** As a process of its own, which `before` may do something to. */
  const compileApart = (before = '') => {
    const file = JSON.stringify(pathToFileURL(join(import.meta.dirname, 'compile.mjs')).href);
    const program = `${before}\nawait (await import(${file})).compile(${JSON.stringify(folder)});`;
    return node('--input-type=module', '--eval', program);
  };

  it('makes what plain Node runs, with the lines of the sources in its stacks', async () => {
    expect(await compile(folder)).to.equal(true);
    expect(Object.keys(compiled())).to.deep.equal([
      'actors/cart.js',
      'actors/cart.js.map',
      'gateway/page.html',
      'ops/shop/main.js',
      'ops/shop/main.js.map',
      'ops/shop/process/ending.mjs',
      'runtime/define/clock.js',
      'runtime/define/clock.js.map',
      'runtime/index.js',
      'runtime/index.js.map',
      'stamp',
    ]);
    const { output, told } = await node('--enable-source-maps', 'dist/ops/shop/main.js');
    expect(told).to.equal('');
    expect(output).to.match(/^first\ntrue import '\.\/as-it-is\.ts' noon {5}at .*\n$/);
    expect(output).to.include(join(folder, 'actors/cart.ts:6'));
  });

  it('compiles other rooms to another folder, with files of its own beside', async () => {
    const apart = { into: 'apart', rooms: ['actors'], leftOut: /[.]map$/, beside: { 'package.json': '{}' } };
    expect(await compile(folder, apart)).to.equal(true);
    expect(await compile(folder, apart)).to.equal(false);
    expect(readdirSync(join(folder, 'apart', 'actors')).sort()).to.deep.equal([
      'cart.js',
      'cart.js.map',
      'cart.test.js',
      'cart.test.js.map',
    ]);
    expect(readFileSync(join(folder, 'apart', 'package.json'), 'utf8')).to.equal('{}');
    expect(existsSync(dist)).to.equal(false);
  });

  it('leaves alone what is as it should be, also under other times', async () => {
    await compile(folder);
    expect(await compile(folder)).to.equal(false);
    const copy = `${folder}-copy`;
    cpSync(folder, copy, { recursive: true });
    try {
      expect(await compile(copy)).to.equal(false);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  for (const [what, change] of [
    ['a source has changed', () => write('actors/cart.ts', 'export const add = () => 1;')],
    ['a source is new', () => write('actors/order.ts', 'export const order = 1;')],
    ['a source has gone', () => rmSync(join(folder, 'actors/cart.ts'))],
    ['what is read beside has changed', () => write('gateway/page.html', '')],
    ['a package leads elsewhere', () => write('runtime/package.json', '{"name":"x","exports":{}}')],
    ['packages have changed', () => write('package-lock.json', '{}')],
    ['a file was cut off', () => truncateSync(join(dist, 'actors/cart.js'))],
    ['a file is missing', () => rmSync(join(dist, 'actors/cart.js'))],
    ['a file is there that has no source', () => write('dist/actors/left-over.js', '')],
  ] as const) {
    it(`compiles again when ${what}, and leaves nothing else behind`, async () => {
      await compile(folder);
      change();
      expect(await compile(folder)).to.equal(true);
      const found = compiled();
      rmSync(dist, { recursive: true });
      await compile(folder);
      expect(found).to.deep.equal(compiled());
    });
  }

  it('says where a source can not be compiled, and leaves what was there', async () => {
    await compile(folder);
    const before = compiled();
    write('actors/cart.ts', 'export const add = (;');
    const problem = await compile(folder).catch((error: unknown) => String(error));
    expect(problem).to.include('actors/cart.ts:1:20: ERROR: ');
    expect(compiled()).to.deep.equal(before);
  });

  it('makes good what a compilation left that was killed, wherever it was', async () => {
    await compile(folder);
    const wanted = compiled();
    const ofEach = (count: number) => `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      let left = ${count};
      for (const name of ['renameSync', 'rmSync']) {
        const { [name]: real } = fs;
        fs[name] = (...args) => {
          if (left-- === 0) process.kill(process.pid, 'SIGKILL');
          return real(...args);
        };
      }
      syncBuiltinESMExports();`;
    let kills = 0;
    for (; ; kills++) {
      rmSync(dist, { recursive: true });
      write('dist/actors/left-over.js', 'of another commit');
      const { error } = await compileApart(ofEach(kills));
      if (error === null) break;
      expect(error.signal).to.equal('SIGKILL');
      expect(await compile(folder)).to.equal(true);
      expect(compiled(), `after ${kills} steps`).to.deep.equal(wanted);
    }
    // One file is removed, and each put in its place.
    expect(kills).to.equal(1 + Object.keys(wanted).length);
    expect(compiled()).to.deep.equal(wanted);
  });

  it('may be done by several at once', async () => {
    await compile(folder);
    const wanted = compiled();
    rmSync(dist, { recursive: true });
    const all = await Promise.all(Array.from({ length: 4 }, () => compileApart()));
    expect(all.map(({ told }) => told)).to.deep.equal(['', '', '', '']);
    expect(compiled()).to.deep.equal(wanted);
    expect(await compile(folder)).to.equal(false);
  });
});

describe('dist/', () => {
  it('has each file that its files import', async () => {
    await compile(root);
    const dist = join(root, 'dist');
    const paths = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.js'),
    );
    const missing = paths.flatMap((path) => {
      if (path.includes('/page/')) return [];
      const imports = readFileSync(join(dist, path), 'utf8').matchAll(
        /(?:\bfrom |\bimport\(?\s*)"(\.[^"]*)"/g,
      );
      const targets = [...imports].map(([, specifier = '']) => join(dist, dirname(path), specifier));
      return targets.filter((target) => !existsSync(target)).map((target) => `${path}: ${target}`);
    });
    expect(paths).to.include('ops/shop/main.js');
    expect(missing).to.deep.equal([]);
  });
});
