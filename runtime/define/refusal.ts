import type { ActorContract, MessageSpecs, RefusalSpecs } from './contract.ts';
import { parsed } from './defect.ts';
import { ActorError, isActorError, type ErrorDetails } from './errors.ts';
import { parse, type Schema, type SchemaInput } from './schema.ts';

/** A refusal that a contract declares: its code, and what its schema says of the details. */
export interface Refusal<C extends string, D extends ErrorDetails | undefined> extends ActorError {
  readonly code: C;
  readonly details: D;
}

/** The codes that a contract declares. */
export type RefusalCode<R extends RefusalSpecs> = keyof R & string;

/** The refusal of one code, or the union of several. */
export type RefusalOf<R extends RefusalSpecs, C extends RefusalCode<R> = RefusalCode<R>> = {
  [N in C]: Refusal<N, R[N] extends Schema<infer D extends ErrorDetails> ? D : ErrorDetails | undefined>;
}[C];

/**
 * What a handler throws to refuse its message: nothing of it happened, and its caller gets this error.
 * @throws HandlerDefect when the details are not what the contract says of them
 *
 * @example
 * if (total > 100) throw refusal(Counter, 'too_much', 'a counter ends at 100', { limit: 100 });
 */
export function refusal<R extends RefusalSpecs, C extends RefusalCode<R>>(
  contract: ActorContract<MessageSpecs, R>,
  code: C,
  message: string,
  ...details: R[C] extends Schema ? [details: SchemaInput<R[C]>] : []
): RefusalOf<R, C> {
  const schema = contract.refusals[code];
  if (!schema) return new ActorError(code, message) as RefusalOf<R, C>;
  const told = parsed(schema, details[0], `the refusal '${code}'`, 'contract');
  return new ActorError(code, message, { details: told }) as RefusalOf<R, C>;
}

/**
 * Whether an error is a refusal that the contract declares: any of them, or the one of that code.
 *
 * Nodes of two versions may run side by side. One whose details are not what this version says of them is no such
 * refusal here; it is an `ActorError` with its code all the same.
 *
 * @example
 * if (isRefusal(Counter, error, 'too_much')) console.log(error.details.limit);
 */
export function isRefusal<R extends RefusalSpecs, C extends RefusalCode<R> = RefusalCode<R>>(
  contract: ActorContract<MessageSpecs, R>,
  error: unknown,
  code?: C,
): error is RefusalOf<R, C> {
  if (!isActorError(error) || !Object.hasOwn(contract.refusals, error.code)) return false;
  if (code !== undefined && error.code !== code) return false;
  const schema = contract.refusals[error.code];
  return !schema || isAsParsed(schema, error.details);
}

/** Also what the schema fills in or changes must be there: the caller reads the details as they came. */
function isAsParsed(schema: Schema<ErrorDetails>, details: ErrorDetails | undefined): boolean {
  const parsed = parse(schema, details);
  return parsed.success && Object.entries(parsed.data).every(([name, value]) => details?.[name] === value);
}
