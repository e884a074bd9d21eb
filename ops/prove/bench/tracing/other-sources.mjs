import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/*
 * `node --import 'other-sources.mjs?from=FOLDER&to=FOLDER'`: a module below the first folder that is imported as
 * `x.ts?other` is loaded once more, and so is all that it imports from there: from the file of the same name below the
 * second folder, where there is one. What compiles TypeScript has to be registered before.
 */

const mark = '?other';

/** Of the thread that loads modules, where this module is loaded a second time. */
let folders;

export function initialize(given) {
  folders = given;
}

export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context);
  const { url } = resolved;
  if (!context.parentURL?.endsWith(mark) || url.endsWith(mark) || pathOf(url) === undefined) return resolved;
  return { ...resolved, url: url + mark };
}

export function load(url, context, nextLoad) {
  const other = url.endsWith(mark) && join(folders.to, pathOf(url) ?? '');
  return nextLoad(other && existsSync(other) ? pathToFileURL(other).href : url, context);
}

/** From the first folder; undefined for what is elsewhere, and for packages. */
function pathOf(url) {
  if (!url.startsWith('file:') || url.includes('/node_modules/')) return undefined;
  const path = relative(folders.from, fileURLToPath(url));
  return path.startsWith('..') ? undefined : path;
}

const { search, pathname } = new URL(import.meta.url);
if (search !== '') register(`file://${pathname}`, { data: Object.fromEntries(new URLSearchParams(search)) });
