import { z } from 'zod';
import { isZod, type Schema } from './schema.ts';

/*
 * Messages, answers, states, effects and events travel and lie as JSON. What JSON does not give back as it was would
 * be another value from its first restart on, or none: it is refused where it is declared, or else where it is handed
 * over.
 */

const uncarriedTypes: Readonly<Record<string, string>> = {
  bigint: 'a bigint',
  date: 'a Date',
  file: 'a file',
  function: 'a function',
  map: 'a Map',
  nan: 'NaN',
  promise: 'a promise',
  set: 'a Set',
  symbol: 'a symbol',
};
const absent = new Set(['optional', 'undefined', 'void']);

/** What a schema is for: what callers hand over, what they get, or what is stored and parsed again. */
export type Purpose = 'input' | 'answer' | 'state';

interface Definition {
  readonly type: string;
  readonly coerce?: boolean;
  readonly in?: z.core.$ZodType;
}

/**
 * Only zod tells what is in its schemas. Of another library's, values are looked at as they come.
 * @throws TypeError that names the part of the schema which JSON cannot carry
 */
export function checkSchema(what: string, schema: Schema, purpose: Purpose): void {
  if (!isZod(schema)) return;
  z.toJSONSchema(schema, {
    io: purpose === 'input' ? 'input' : 'output',
    unrepresentable: 'any',
    override({ zodSchema, path }) {
      const reason = refusal(zodSchema._zod.def, purpose, path.at(-1));
      if (reason !== undefined) throw new TypeError(`${what}${placeOf(path)} is ${reason}`);
    },
  });
}

function refusal(
  { type, coerce, in: from }: Definition,
  purpose: Purpose,
  place: unknown,
): string | undefined {
  const uncarried = uncarriedTypes[type];
  // What is coerced may come in as anything.
  if (uncarried !== undefined && !(coerce === true && purpose === 'input'))
    return `${uncarried}, which JSON has not`;
  if (absent.has(type) && place === 'items') return 'undefined in an array, which JSON has not';
  if (purpose !== 'state') return undefined;
  const isPreprocessed = type === 'pipe' && from?._zod.def.type === 'transform';
  if (type !== 'pipe' || isPreprocessed) return undefined;
  return 'transformed, and would be again each time it is loaded';
}

const keywords = new Set(['properties', 'additionalProperties', 'anyOf', 'oneOf', 'allOf', 'prefixItems']);

function placeOf(path: readonly (string | number)[]): string {
  const names = path.filter((part) => !keywords.has(String(part)));
  return names.map((name) => (name === 'items' ? '[]' : `.${name}`)).join('');
}
