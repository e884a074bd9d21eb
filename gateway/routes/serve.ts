import type { IncomingMessage } from 'node:http';
import type Koa from 'koa';
import { ShopError } from '../error-table.ts';
import { asActorError } from '../error-answer.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import type { Admission } from '../middleware/admission.ts';
import { hasBody, type JsonBody } from '../middleware/json-body.ts';
import { letIn } from '../middleware/let-in.ts';
import type { Shedding } from '../middleware/load-shedding.ts';
import type { GatewayContext, GatewayState } from '../middleware/request-scope.ts';
import { answerOfError, type Answer } from '../middleware/answer.ts';
import type { SendAnswer } from '../middleware/send-answer.ts';
import { knownTag } from '../entity-tags.ts';
import { jsonType, toJsonBody, WrittenText } from '../money-json.ts';
import type { RequestKeys } from '../request-keys.ts';
import type { TokenVerifier } from '../tokens.ts';
import { IncomingRequest } from './incoming-request.ts';
import { nothing, type Reply } from './route.ts';
import type { Place } from './route-table.ts';

export interface ServeOptions {
  readonly placeAt: (path: string) => Place | undefined;
  readonly admit: Admission;
  readonly tokens: TokenVerifier;
  readonly shedding: Shedding;
  /** Whether a request has been let in, so that nobody asks a second time. */
  readonly isLetIn: (req: IncomingMessage) => boolean;
  readonly readBody: JsonBody;
  readonly send: SendAnswer;
  readonly keys: RequestKeys;
}

/** Serves the table of routes; what is not in it is `not_found`, or `method_not_allowed` with `Allow`. */
export function serve(app: Koa<GatewayState>, options: ServeOptions): void {
  const { placeAt, admit, tokens, shedding, isLetIn, readBody, send, keys } = options;

  async function reply(ctx: GatewayContext): Promise<Reply> {
    const { req, state } = ctx;
    if (state.path === undefined) throw new ShopError('invalid_request', 'the URL is malformed');
    const place = placeAt(state.path);
    const route = place?.routes.get(req.method === 'HEAD' ? 'GET' : (req.method ?? ''));
    if (route === undefined) return refuse(ctx, place);
    state.isProbe = route.isProbe;
    state.route = route.path;
    const told = isLetIn(req) ? undefined : letIn(shedding, route.load);
    if (told !== undefined) await told;
    const admitted = admit(ctx, route.access, route.load === 'saga');
    const user = admitted instanceof Promise ? await admitted : admitted;
    const body = hasBody(req) ? await received(ctx) : nothing;
    const idempotencyKey = route.retryable === undefined ? undefined : idempotencyKeyOf(req);
    const params = place?.params ?? nothing;
    const request = new IncomingRequest(ctx, { user, params, body, idempotencyKey, keys, tokens });
    return route.load === 'ask' ? shedding.counted(() => route.answer(request)) : route.answer(request);
  }

  async function received(ctx: GatewayContext): Promise<unknown> {
    ctx.state.receiving = true;
    const body = await readBody(ctx);
    ctx.state.receiving = false;
    return body;
  }

  async function refuse(ctx: GatewayContext, place: Place | undefined): Promise<Reply> {
    // Limited as any request, but open to everyone: there is nothing to protect.
    await admit(ctx, 'anyone');
    if (place === undefined) throw new ShopError('not_found', 'there is no such route');
    const methods = [...place.routes.keys(), 'OPTIONS', ...(place.routes.has('GET') ? ['HEAD'] : [])];
    const allow = methods.sort().join(', ');
    if (ctx.method === 'OPTIONS') return { status: 204, headers: { Allow: allow }, body: null };
    throw new ShopError('method_not_allowed', `allowed here: ${allow}`, { details: { allow } });
  }

  app.use(async (ctx) => {
    let answer: Answer;
    try {
      // An answer that comes after the end finds another one given.
      answer = answerOf(ctx, await ctx.state.end.before(reply(ctx)));
    } catch (thrown) {
      answer = refusalOf(ctx, thrown);
    }
    await send(ctx, answer);
  });
}

function answerOf(ctx: GatewayContext, reply: Reply): Answer {
  const { status, headers, contentType, body, isFixed, stream } = reply;
  const all = ['Cache-Control', cachingOf(reply)];
  if (headers?.['Content-Security-Policy'] !== undefined) withoutPolicy(ctx);
  const known = isFixed === true ? knownTag(headers?.['ETag'], ctx.req.headers['if-none-match']) : undefined;
  if (known !== undefined) {
    addAll(all, { ...headers, ETag: known });
    all.push('Vary', 'Accept-Encoding');
    return { status: 304, headers: all };
  }
  if (headers !== undefined) addAll(all, headers);
  if (status === 204) return { status, headers: all };
  all.push('Content-Type', contentType ?? jsonType);
  if (stream !== undefined) return { status, headers: all, stream };
  const isText = contentType !== undefined && typeof body === 'string';
  return { status, headers: all, body: isText ? new WrittenText(body) : toJsonBody(body) };
}

function addAll(all: string[], headers: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(headers)) all.push(name, headers[name] ?? '');
}

/** A stream must not be transformed on its way, such as compressed, which would hold it back. */
function cachingOf({ isFixed, stream }: Reply): string {
  if (isFixed === true) return 'no-cache';
  return stream === undefined ? 'no-store' : 'no-store, no-transform';
}

/** The policy of the answer replaces that of all answers: a browser would enforce both. */
function withoutPolicy({ state }: GatewayContext): void {
  state.headerLines = state.headerLines.replace(/\r\nContent-Security-Policy: .*\r\n/, '\r\n');
}

/** Whatever is thrown, in the one form that errors have outside. */
function refusalOf(ctx: GatewayContext, thrown: unknown): Answer {
  const error = asActorError(thrown);
  ctx.state.error = error;
  return answerOfError(error, ctx.state.call.requestId);
}
