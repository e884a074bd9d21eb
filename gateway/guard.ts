import type { z } from 'zod';
import { type ErrorCode, isErrorCode, ShopError } from './error-table.ts';

/**
 * Parses one part of a request, or throws the refusal of its first wrong field: `invalid_<field>`, or
 * `missing_<field>` when it is absent or blank, where the error table has such a code; else `invalid_request`.
 */
export function guarded<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path[0];
  if (issue === undefined || typeof field !== 'string') {
    throw new ShopError('invalid_request', issue?.message ?? 'the request is not understood');
  }
  throw new ShopError(codeFor(field, value), `${issue.path.join('.').slice(0, 100)}: ${issue.message}`);
}

/** The codes that a field of that name may be refused with. */
export function codesOf(field: string): ErrorCode[] {
  return [...new Set([codeOf(field, true), codeOf(field, false)])];
}

function codeFor(field: string, value: unknown): ErrorCode {
  const given =
    typeof value === 'object' && value !== null ? (Reflect.get(value, field) as unknown) : undefined;
  return codeOf(
    field,
    given === undefined || given === null || (typeof given === 'string' && given.trim() === ''),
  );
}

function codeOf(field: string, isBlank: boolean): ErrorCode {
  const codes = isBlank ? [`missing_${field}`, `invalid_${field}`] : [`invalid_${field}`];
  return codes.find(isErrorCode) ?? 'invalid_request';
}
