import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StatechartError } from './statechart.ts';

/** The machines that a module exports, by name; of a JSON file, the one that it is. */
export async function loadMachines(path: string): Promise<ReadonlyMap<string, unknown>> {
  const file = resolve(path);
  if (!existsSync(file)) throw new StatechartError(`${path}: no such file.`);
  if (extname(file) === '.json') return new Map([['default', jsonOf(path, file)]]);
  const exported = await importModule(path, file);
  return new Map(Object.entries(exported).filter(([, value]) => isMachine(value)));
}

function jsonOf(path: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StatechartError(`${path}: is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

async function importModule(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { href } = pathToFileURL(file);
    const tsx = /\.[cm]?tsx?$/.test(file) ? await tsxFor(file) : undefined;
    const module = (await (tsx === undefined ? import(href) : tsx.tsImport(href, href))) as Record<
      string,
      unknown
    >;
    // Of CommonJS, what it set as a whole.
    const { default: whole, ...named } = module;
    return isMachine(whole) || typeof whole !== 'object' ? module : { ...whole, ...named };
  } catch (error) {
    const hint =
      error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? '. Install tsx beside it: npm install --save-dev tsx'
        : '';
    throw new StatechartError(`${path}: could not be loaded: ${messageOf(error)}${hint}`, { cause: error });
  }
}

interface Tsx {
  tsImport(specifier: string, parent: string): Promise<unknown>;
}

/** That of the project the file belongs to, else what is installed here; else Node itself may know what to do. */
async function tsxFor(file: string): Promise<Tsx | undefined> {
  for (const place of [file, import.meta.url]) {
    const manifest = resolved(place, 'tsx/package.json');
    if (manifest === undefined) continue;
    const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      exports: Readonly<Record<string, { readonly import?: { readonly default?: string } }>>;
    };
    // Not what `require` is given, which does not find its own parts.
    const entry = exports['./esm/api']?.import?.default;
    if (entry !== undefined) return (await import(pathToFileURL(join(dirname(manifest), entry)).href)) as Tsx;
  }
  return undefined;
}

function resolved(place: string, specifier: string): string | undefined {
  try {
    return createRequire(place).resolve(specifier);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}

/** By what it has: it may come from another copy of XState than ours. */
function isMachine(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('root' in value) || !('config' in value)) return false;
  const { root } = value;
  return typeof root === 'object' && root !== null && 'id' in root && 'states' in root;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
