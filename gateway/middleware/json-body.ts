import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';
import { TrolleyError } from '../../runtime/define/errors.ts';
import { asTrolleyError } from '../error-answer.ts';

/** Reads a request's JSON body; `{}` where there is none. */
export type JsonBody = (ctx: Context) => Promise<unknown>;

/**
 * Bodies of POST, PUT and PATCH; others have no meaning and are not read.
 *
 * A body is refused for its media type or its announced size before it is read, and for its real size as soon
 * as that shows. Members named `__proto__` make it malformed.
 */
export function createJsonBody(maxBytes: number): JsonBody {
  const parse = bodyParser({
    enableTypes: ['json'],
    detectJSON: () => true,
    jsonLimit: `${maxBytes}b`,
    jsonStrict: true,
  });
  return async (ctx) => {
    if (!['POST', 'PUT', 'PATCH'].includes(ctx.method) || !hasBody(ctx)) return {};
    if (!isJson(ctx.get('content-type'))) {
      throw new TrolleyError('unsupported_media_type', 'a body is application/json in UTF-8');
    }
    const tooLarge = () => new TrolleyError('payload_too_large', `a body is at most ${maxBytes} bytes`);
    if (Number(ctx.get('content-length')) > maxBytes) throw tooLarge();
    try {
      await parse(ctx, async () => {});
    } catch (cause) {
      // The parser leaves the rest of the body on the wire, where it would block the connection for good.
      ctx.req.resume();
      const error = asTrolleyError(cause);
      if (error.code === 'payload_too_large') throw tooLarge();
      if (error.code === 'unsupported_media_type') throw error;
      throw new TrolleyError('invalid_request', 'the body is not a JSON object', { cause });
    }
    return ctx.request.body;
  };
}

function hasBody(ctx: Context): boolean {
  return ctx.get('transfer-encoding') !== '' || Number(ctx.get('content-length')) > 0;
}

function isJson(contentType: string): boolean {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  if (type.trim() !== 'application/json') return false;
  const charset = parameters.find((parameter) => parameter.trim().startsWith('charset='));
  return charset === undefined || /^\s*charset="?(utf-?8|us-ascii)"?\s*$/.test(charset);
}
