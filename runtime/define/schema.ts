import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';

/** Of zod, or of any other library that speaks Standard Schema: valibot, ArkType. It parses at once, never later. */
export type Schema<Output = unknown> = StandardSchemaV1<unknown, Output>;
// Conditional, though always true: only so is a turn of certain messages also a turn of any.
/** What a schema takes. */
export type SchemaInput<S extends Schema> = S extends Schema ? StandardSchemaV1.InferInput<S> : never;
/** What it makes of that. */
export type SchemaOutput<S extends Schema> = S extends Schema ? StandardSchemaV1.InferOutput<S> : never;

type Parsed<T> =
  { readonly success: true; readonly data: T } | { readonly success: false; readonly reason: string };

/** A value that is not what its schema says. */
export class SchemaError extends Error {}

/** @throws TypeError when the schema parses later */
export function parse<T>(schema: Schema<T>, value: unknown): Parsed<T> {
  if (isZod(schema)) {
    const { success, data, error } = z.safeParse(schema, value);
    return success ? { success, data: data as T } : { success, reason: z.prettifyError(error) };
  }
  const { vendor, validate } = schema['~standard'];
  const result = validate(value);
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new TypeError(`a schema of ${vendor} parses later, where the value is needed at once`);
  }
  if (result.issues === undefined) return { success: true, data: result.value };
  const issues = result.issues.map(({ message, path = [] }) => ({
    message,
    path: path.map((part) => (typeof part === 'object' ? part.key : part)),
  }));
  return { success: false, reason: z.prettifyError({ issues }) };
}

/** @throws SchemaError with what is not as the schema says, and where */
export function parseOrThrow<T>(schema: Schema<T>, value: unknown): T {
  const result = parse(schema, value);
  if (result.success) return result.data;
  throw new SchemaError(result.reason);
}

/** Of this major version of zod, from whatever folder. */
export function isZod(schema: Schema): schema is Schema & z.core.$ZodType {
  return '_zod' in schema;
}
