import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { takeOutTracing } from './take-out-tracing.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const rooms = ['runtime', 'actors', 'gateway', 'ops/shop'];
/** Tests, what is loaded only where tracing is on, and the settings, which are read once. */
const leftAlone = /(^|\/)(testing|opentelemetry|tracing|config|dist)\/|\.test\.ts$|\.d\.ts$/;

export interface ChangedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly source: string;
  readonly hooks: number;
}

/** Each source of the shop that has something of tracing in it, without it. */
export function untracedSources(): ChangedFile[] {
  const paths = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((path) => join(room, path)),
  );
  return paths
    .filter((path) => path.endsWith('.ts') && !leftAlone.test(path))
    .map((path) => ({ path, ...takeOutTracing(path, readFileSync(join(root, path), 'utf8')) }))
    .filter(({ hooks }) => hooks > 0);
}

/** Writes them into a folder. Returns the options of Node under which a process can load the shop with them as well. */
export function writeUntraced(folder: string, files: readonly ChangedFile[]): string[] {
  for (const { path, source } of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, source);
  }
  const loader = new URL('other-sources.mjs', import.meta.url);
  loader.search = new URLSearchParams({ from: root, to: folder }).toString();
  return ['--import', loader.href];
}
