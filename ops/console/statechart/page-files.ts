import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pictureStyle } from './picture-style.ts';

const types = new Map([
  ['page.html', 'text/html'],
  ['page.css', 'text/css'],
  ['page.js', 'text/javascript'],
  ['chart-view.css', 'text/css'],
  ['chart-view.js', 'text/javascript'],
]);

export interface PageFile {
  readonly status: 200;
  readonly type: string;
  readonly body: string;
  readonly tag: string;
}

const read = new Map<string, PageFile>();

/** A file of the page. Those that are there are named: no path leads to another. */
export function pageFile(name: string): PageFile | undefined {
  const known = read.get(name);
  if (known !== undefined) return known;
  const type = name === 'picture.css' ? 'text/css' : types.get(name);
  if (type === undefined) return undefined;
  const body = name === 'picture.css' ? pictureStyle : readFileSync(join(folder(), name), 'utf8');
  const file = {
    status: 200,
    type,
    body,
    tag: createHash('sha256').update(body).digest('base64url'),
  } as const;
  read.set(name, file);
  return file;
}

/** In the package's folder, wherever this was compiled to. */
function folder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('trolley-statechart/package.json')), 'page');
}
