import { z } from 'zod';
import { isZod, type Schema } from './schema.ts';

/** JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A larger one is no form any more. */
const maxChars = 16_384;

interface Telling {
  readonly jsonSchema?: {
    readonly [D in 'input' | 'output']: (options: { readonly target: 'draft-2020-12' }) => JsonSchema;
  };
}

/**
 * What a schema takes, or what it makes of that, as JSON Schema. Undefined where its library cannot tell, or tells more
 * than 16 KB.
 */
export function jsonSchemaOf(schema: Schema, direction: 'input' | 'output'): JsonSchema | undefined {
  try {
    const told = tell(schema, direction);
    return told === undefined || JSON.stringify(told).length > maxChars ? undefined : told;
  } catch {
    // Of some schemas a library says so by throwing; what was asked for is shown without a form then.
    return undefined;
  }
}

function tell(schema: Schema, io: 'input' | 'output'): JsonSchema | undefined {
  // Anything that JSON Schema has no word for may be anything there.
  if (isZod(schema)) return z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const { jsonSchema } = schema['~standard'] as Telling;
  return jsonSchema?.[io]({ target: 'draft-2020-12' });
}
