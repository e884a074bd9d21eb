import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * `node --import replaced-files.mjs?from=FOLDER&to=FOLDER`: loads a module below the first folder from the file of the same
 * name below the second one, where there is one. Whatever compiles modules comes after it.
 */

/** Of the thread that loads modules, where this module is loaded a second time. */
let folders;

export function initialize(given) {
  folders = given;
}

export function load(url, context, nextLoad) {
  const source = replacementOf(url);
  if (source === undefined) return nextLoad(url, context);
  return { format: 'module', source, shortCircuit: true };
}

function replacementOf(url) {
  if (!url.startsWith('file:')) return undefined;
  const { from, to } = folders;
  const path = relative(from, fileURLToPath(url));
  if (path.startsWith('..')) return undefined;
  try {
    return readFileSync(join(to, path), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const { search, pathname } = new URL(import.meta.url);
if (search !== '') {
  const data = Object.fromEntries(new URLSearchParams(search));
  register(`file://${pathname}`, { data });
}
