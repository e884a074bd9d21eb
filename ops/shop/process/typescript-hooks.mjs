import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Compiles a file by itself when it is loaded, and keeps what comes out, so that the next start needs no compiler. An
 * import names its file in full, so nothing has to be looked for.
 */

const root = join(import.meta.dirname, '../../..');
const cache = join(root, 'node_modules/.cache/typescript');
const options = {
  loader: 'ts',
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'inline',
  sourcesContent: false,
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
};
const { version } = createRequire(import.meta.url)('esbuild/package.json');
const compiler = `esbuild ${version} ${JSON.stringify(options)}`;

export async function load(url, context, nextLoad) {
  if (!/^file:[^?#]+\.ts$/.test(url)) return nextLoad(url, context);
  return { format: 'module', source: await compiled(fileURLToPath(url)), shortCircuit: true };
}

async function compiled(path) {
  const source = await readFile(path, 'utf8');
  const name = relative(root, path);
  // Others' files are nobody's to clear away here.
  if (name.startsWith('..')) return compile(path, source);
  const kept = join(cache, `${name}.js`);
  const mark = `\n// ${createHash('sha256').update(compiler).update(source).digest('hex')}\n`;
  const code = await readFile(kept, 'utf8').catch(() => '');
  if (code.endsWith(mark)) return code;
  const made = await compile(path, source);
  await keep(kept, made + mark);
  return made;
}

async function compile(path, source) {
  const { transform } = await import('esbuild');
  const { code } = await transform(source, { ...options, sourcefile: basename(path) });
  return code;
}

/** Whole or not at all: others start at the same time. Where nothing can be written, each start compiles. */
async function keep(file, text) {
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(error.code)) throw error;
  }
}
