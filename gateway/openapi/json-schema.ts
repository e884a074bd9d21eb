import { z } from 'zod';
import { storableText } from '../../actors/values/storable-text.contract.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What regular expressions of every language can say of it; they can't all exclude half of a surrogate pair. */
const storableInJsonSchema = '^[^\\x00]*$';

/**
 * JSON Schema of guards and answers. Those with an `id` in their metadata stand once in `named`, and are referred to
 * elsewhere.
 */
export class JsonSchemas {
  readonly #named = new Map<string, JsonSchema>();

  /** By their ids, in alphabetical order. */
  get named(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** `input`: what a guard accepts, further members included; `output`: exactly what it produces. */
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io, override: withPlainPatterns });
    for (const [id, definition] of Object.entries($defs)) this.#name(id, referring(definition) as JsonSchema);
    return referring(own) as JsonSchema;
  }

  #name(id: string, definition: JsonSchema): void {
    const before = this.#named.get(id);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(definition)) {
      throw new Error(`there are two schemas ${id}`);
    }
    this.#named.set(id, definition);
  }
}

function withPlainPatterns({ jsonSchema }: { readonly jsonSchema: Record<string, unknown> }): void {
  const all = [jsonSchema, ...((jsonSchema['allOf'] ?? []) as Record<string, unknown>[])];
  for (const one of all) if (one['pattern'] === storableText.source) one['pattern'] = storableInJsonSchema;
}

/** References point to where OpenAPI keeps schemas. */
function referring(schema: unknown): unknown {
  const text = JSON.stringify(schema);
  return JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/'));
}
