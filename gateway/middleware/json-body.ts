import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, unzip } from 'node:zlib';
import { parse } from '@hapi/bourne';
import type { Context } from 'koa';
import getRawBody from 'raw-body';
import { isActorError } from '@trolley/runtime';
import { ShopError } from '../error-table.ts';
import { asActorError } from '../error-answer.ts';
import { isWithinBounds, maxDepth, maxValues } from './json-bounds.ts';

const withBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Reads a request's JSON body; `{}` where there is none. */
export type JsonBody = (ctx: Context) => Promise<unknown>;

/**
 * Bodies of POST, PUT and PATCH; others have no meaning and are not read.
 *
 * A body is refused for its media type or its announced size before it is read, and for its real size as soon
 * as that shows: `maxBytes` holds for what arrives and for what it inflates to. Members named `__proto__` make it
 * malformed. What a refusal leaves unread is that of `UnreadBodies`.
 */
export function createJsonBody(maxBytes: number): JsonBody {
  const tooLarge = (cause?: unknown) =>
    new ShopError('payload_too_large', `a body is at most ${maxBytes} bytes`, { cause });
  return async (ctx) => {
    if (!withBody.has(ctx.method) || !hasBody(ctx.req)) return {};
    if (!isJson(ctx.get('content-type'))) {
      throw new ShopError('unsupported_media_type', 'a body is application/json in UTF-8');
    }
    if (!isSentAsItIs(ctx.get('transfer-encoding')))
      throw new ShopError('unsupported_media_type', 'a body is sent as it is, or in chunks');
    const inflate = inflaterFor(ctx.get('content-encoding'), maxBytes);
    if (Number(ctx.get('content-length')) > maxBytes) throw tooLarge();
    if (awaitsContinue(ctx.req)) ctx.res.writeContinue();
    try {
      const bytes = await inflate(await getRawBody(ctx.req, { limit: maxBytes }));
      if (!isWithinBounds(bytes)) throw tooMany();
      return jsonOf(bytes);
    } catch (cause) {
      if (isActorError(cause)) throw cause;
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ERR_BUFFER_TOO_LARGE' || asActorError(cause).code === 'payload_too_large') {
        throw tooLarge(cause);
      }
      throw new ShopError('invalid_request', 'the body is not a JSON object', { cause });
    }
  };
}

const tooMany = () =>
  new ShopError('invalid_request', `a body has at most ${maxValues} values, at most ${maxDepth} deep`);

/** Node takes a body out of its chunks, and out of nothing else. */
const isSentAsItIs = (transferEncoding: string) => /^(?:chunked)?$/i.test(transferEncoding.trim());

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
}

/** Whether the sender keeps the body back until it is told to go on; who is refused need not send it. */
export function awaitsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && /^100-continue$/i.test(headers.expect ?? '');
}

type Inflate = (bytes: Buffer) => Promise<Buffer>;

/**
 * Of a body that has arrived as a whole: one that is piped through a decompressor blocks its connection for good
 * as soon as the decompressor is not read to its end.
 */
function inflaterFor(encoding: string, maxOutputLength: number): Inflate {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return async (bytes) => bytes;
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return (bytes) => promisify<Buffer, object, Buffer>(unzip)(bytes, { maxOutputLength });
    case 'br':
      return (bytes) => promisify<Buffer, object, Buffer>(brotliDecompress)(bytes, { maxOutputLength });
    default:
      throw new ShopError('unsupported_media_type', 'the encoding of the body is not supported');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** No text at all is an object without members. */
function jsonOf(bytes: Buffer): unknown {
  const text = utf8.decode(bytes);
  if (text === '') return {};
  if (!/^[\x20\x09\x0a\x0d]*[[{]/.test(text)) throw new SyntaxError('neither an object nor a list');
  return parse(text) as unknown;
}

function isJson(contentType: string): boolean {
  if (contentType === 'application/json') return true;
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  if (type.trim() !== 'application/json') return false;
  const charset = parameters.find((parameter) => parameter.trim().startsWith('charset='));
  return charset === undefined || /^\s*charset="?(utf-?8|us-ascii)"?\s*$/.test(charset);
}
