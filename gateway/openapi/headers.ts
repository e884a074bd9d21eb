import { exposedHeaders, securityHeaders } from '../middleware/constant-headers.ts';
import { rateLimitFields } from '../middleware/rate-limits.ts';
import type { JsonSchema } from './json-schema.ts';

/** OpenAPI's Header Object. */
export interface Header {
  readonly description: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

const text: JsonSchema = { type: 'string' };
const count: JsonSchema = { type: 'integer', minimum: 0 };
const always = (description: string, schema: JsonSchema = text): Header => ({
  description,
  required: true,
  schema,
});
const sometimes = (description: string, schema: JsonSchema = text): Header => ({ description, schema });
/** Quoted, as RFC 9110 has it; behind a dash the content coding that it left with. */
const etag: JsonSchema = { type: 'string', pattern: '^"[\\x21\\x23-\\x7e]*"$' };
const trace: JsonSchema = { type: 'string', pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' };
const [policy, limit, remaining, reset] = rateLimitFields;

/** Headers of single answers. */
export const namedHeaders: Readonly<Record<string, Header>> = {
  'X-Request-Id': always('The id of the request: that of its sender, or one made here.', {
    ...text,
    minLength: 1,
    maxLength: 128,
  }),
  Traceresponse: sometimes(
    'Trace and span of the request, as traceparent has them, where traces are sent.',
    trace,
  ),
  [policy]: sometimes('The limit, and the seconds in which all of it comes back.', {
    ...text,
    pattern: '^[0-9]+;w=[0-9]+$',
  }),
  [limit]: sometimes('How many requests are allowed at once.', count),
  [remaining]: sometimes('How many of them are left.', count),
  [reset]: sometimes('Seconds until all of them are.', count),
  ETag: always('The version of what was asked for, or of what is there.', etag),
  Location: always('The path of what was made, or goes on.'),
  'X-Next-Page-Token': sometimes('For page_token, where there is a next page.'),
  'Content-Security-Policy': always('What the page may load.'),
  'X-Accel-Buffering': always('Tells proxies to pass on each event as it comes.', { ...text, const: 'no' }),
  'WWW-Authenticate': always('What kind of token is wanted, and what is wrong with this one.', {
    ...text,
    pattern: '^Bearer ',
  }),
  'Retry-After': always('Seconds until it is worth trying again.', { type: 'integer', minimum: 1 }),
  Allow: always('The methods that there are at this path.'),
};

/** `Allow` of an answer to OPTIONS; that to a CORS preflight has none. */
export const allowedMethods = sometimes('The methods that there are at this path.');

/** The headers of the rate limit, which every answer of a limited route may have. */
export const limitHeaders: readonly string[] = rateLimitFields;

/** Headers of every answer, for browsers and caches: described once, under `x-answer-headers`. */
export function commonHeaders(): Readonly<Record<string, Header>> {
  const constant = securityHeaders().map(
    ([name, value]) => [name, sometimes('For browsers.', { ...text, const: value })] as const,
  );
  return {
    'Cache-Control': always('Whether an answer may be kept.', {
      enum: ['no-store', 'no-cache', 'no-store, no-transform'],
    }),
    Vary: sometimes('Which headers of a request it depends on.'),
    'Content-Encoding': sometimes('Of an answer of 1 KB or more, as Accept-Encoding wants it.', {
      enum: ['br', 'gzip'],
    }),
    'Access-Control-Allow-Origin': sometimes('To a page of an origin that may call.'),
    'Access-Control-Expose-Headers': sometimes('What such a page may read.', {
      ...text,
      const: exposedHeaders.join(','),
    }),
    'Access-Control-Allow-Methods': sometimes('To such a page that asks in advance.'),
    'Access-Control-Allow-Headers': sometimes('To such a page that asks in advance.'),
    ...Object.fromEntries(constant),
  };
}
