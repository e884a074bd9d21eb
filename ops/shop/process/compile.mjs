import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/*
 * Compiles the shop to dist/, which `npm start` and the image run: a JavaScript file for each source, and what is read
 * beside them. It takes types out and checks none: that is for `npm run types`.
 */

/** What `npm start` and the image run. */
const shop = {
  into: 'dist',
  rooms: ['actors', 'gateway', 'ops/console', 'ops/operate', 'ops/shop', 'proto', 'runtime'],
  leftOut: /(^|\/)(dist|example|node_modules|testing)\/|\.test\.ts$/,
};
/** With what proves it: programs that are measured run as the shop does. */
export const withProofs = {
  into: 'node_modules/.cache/proofs',
  rooms: [...shop.rooms, 'ops/prove'],
  leftOut: /(^|\/)(dist|example|node_modules)\/|\.test\.ts$/,
  // Below `node_modules/` a file is no module of its own accord.
  beside: { 'package.json': '{ "type": "module" }\n' },
};
const code = /\.ts$/;
/** What the program reads beside its own code, found by its ending. */
const assets = /\.(binpb|css|html|ico|js|mjs|png|sql|svg|woff2)$/;
/** They say what an import of another package of this repository leads to, and how it is compiled. */
const settings = [
  'ops/console/statechart/package.json',
  'ops/shop/process/compile.mjs',
  'package-lock.json',
  'runtime/package.json',
  'tsconfig.json',
];
const stamp = 'stamp';

/**
 * Brings a folder of `root` up to date, by default `dist/`. Whether it is, the contents of all files say: their times change with a checkout
 * or a copy, and a compilation may have been killed in the middle. Files are replaced as a whole, so whoever runs what is
 * there, or compiles the same at the same moment, reads none that is half written.
 *
 * @returns whether there was anything to do
 * @throws when a source can't be compiled, with what is wrong where
 */
export async function compile(root, { into, rooms, leftOut, beside = {} } = shop) {
  const dist = join(root, into);
  const sources = rooms
    .flatMap((room) => filesIn(join(root, room)).map((path) => `${room}/${path}`))
    .filter((path) => (code.test(path) || assets.test(path)) && !leftOut.test(path))
    .sort();
  const from = digestOf(contentsOf(root, [...sources, ...settings]));
  const stampOf = (outputs) => `${from} ${digestOf(outputs)}\n`;
  const found = contentsOf(dist, filesIn(dist));
  if (String(found.get(stamp)) === stampOf(found)) return false;

  const outputs = await compiled(root, sources, dist);
  for (const [path, text] of Object.entries(beside)) outputs.set(path, text);
  removeOthers(dist, outputs);
  for (const [path, contents] of outputs) replace(join(dist, path), contents);
  replace(join(dist, stamp), stampOf(outputs));
  return true;
}

/** The contents of the folder by path. */
async function compiled(root, sources, dist) {
  // Packages may have been installed a moment ago.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: sources.filter((path) => code.test(path)),
    outbase: '.',
    outdir: dist,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    charset: 'utf8',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'silent',
  });
  const outputs = new Map();
  const rewrite = await importRewriter(root);
  for (const { path, text } of outputFiles) {
    const name = relative(dist, path);
    outputs.set(name, name.endsWith('.js') ? rewrite(name, text) : text);
  }
  for (const path of sources) if (!code.test(path)) outputs.set(path, readFileSync(join(root, path)));
  return outputs;
}

/** Leads imports of a `.ts` file, and of the other packages of this repository, to what was compiled of them. */
async function importRewriter(root) {
  const { init, parse } = await import('es-module-lexer');
  await init();
  const own = ownPackages(root);
  return (name, text) => {
    let rewritten = text;
    // From the last on: those before stay where they are.
    for (const { specifier, start, end } of parse(text)[0].toReversed()) {
      const target = specifier?.startsWith('.') ? specifier : pathTo(own.get(specifier), name);
      if (target === undefined) continue;
      const quoted = text.slice(start, end).replace(specifier, target.replace(code, '.js'));
      rewritten = rewritten.slice(0, start) + quoted + rewritten.slice(end);
    }
    return rewritten;
  };
}

/** The entry points of the packages of this repository, by the name that imports them. */
function ownPackages(root) {
  const entries = ['runtime', 'ops/console/statechart'].flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return Object.entries(exports).map(([key, entry]) => [join(name, key), entry['@trolley/source'], folder]);
  });
  return new Map(entries.flatMap(([key, file, folder]) => (file ? [[key, join(folder, file)]] : [])));
}

function pathTo(file, importer) {
  if (file === undefined) return undefined;
  const path = relative(dirname(importer), file);
  return path.startsWith('.') ? path : `./${path}`;
}

function replace(file, contents) {
  if (readIfThere(file)?.equals(Buffer.from(contents))) return;
  mkdirSync(dirname(file), { recursive: true });
  const whole = `${file}.${process.pid}.tmp`;
  writeFileSync(whole, contents);
  renameSync(whole, file);
}

/** What has no source any more, and what a killed compilation left; not what another one is about to put in place. */
function removeOthers(dist, outputs) {
  for (const path of filesIn(dist)) {
    const [, pid] = /\.(\d+)\.tmp$/.exec(path) ?? [];
    if (!outputs.has(path) && !isAlive(Number(pid))) rmSync(join(dist, path), { force: true });
  }
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const path of [...files.keys()].filter((path) => path !== stamp).sort()) {
    const contents = Buffer.from(files.get(path));
    hash.update(`${path} ${contents.length}\n`).update(contents);
  }
  return hash.digest('hex');
}

/** @returns a map by path; what has gone meanwhile is not in it */
function contentsOf(folder, paths) {
  return new Map(
    paths.flatMap((path) => {
      const contents = readIfThere(join(folder, path));
      return contents === undefined ? [] : [[path, contents]];
    }),
  );
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
