import { parse, type Schema } from './schema.ts';

/**
 * A handler made what its schemas do not allow. Handlers are pure, so it would do so again: its message is given up
 * without another try.
 */
export class HandlerDefect extends Error {}

/**
 * What a handler made, as the schema gives it.
 * @throws HandlerDefect that says what is not as `whose` schema wants it, and where
 */
export function parsed<T>(schema: Schema<T>, value: unknown, what: string, whose: string): T {
  const result = parse(schema, value);
  if (result.success) return result.data;
  throw new HandlerDefect(`${what} is not what its ${whose} says: ${result.reason}`);
}
