import type Koa from 'koa';
import { ShopError } from '../error-table.ts';
import { idempotencyKeyFrom } from '../idempotency-key.ts';
import type { Admission } from '../middleware/admission.ts';
import type { JsonBody } from '../middleware/json-body.ts';
import type { GatewayContext, GatewayState } from '../middleware/request-scope.ts';
import { jsonType, toJsonText } from '../money-json.ts';
import type { Reply, Route } from './route.ts';
import { createRouteTable, type Place } from './route-table.ts';

export interface ServeOptions {
  readonly routes: readonly Route[];
  readonly admit: Admission;
  readonly readBody: JsonBody;
}

/** Serves the table of routes; what is not in it is `not_found`, or `method_not_allowed` with `Allow`. */
export function serve(app: Koa<GatewayState>, { routes, admit, readBody }: ServeOptions): void {
  const placeAt = createRouteTable(routes);

  async function answer(ctx: GatewayContext, route: Route, params: Place['params']): Promise<Reply> {
    const user = await admit(ctx, route.access);
    ctx.state.receiving = true;
    const body = await readBody(ctx);
    ctx.state.receiving = false;
    const idempotencyKey = route.retryable
      ? idempotencyKeyFrom(ctx.req.headersDistinct['idempotency-key'])
      : undefined;
    const { call, notes } = ctx.state;
    const note = (fields: Readonly<Record<string, string>>) => void Object.assign(notes, fields);
    return route.answer({ user, params, query: ctx.query, body, call, idempotencyKey, note });
  }

  async function refuse(ctx: GatewayContext, place: Place | undefined): Promise<Reply> {
    await admit(ctx, 'unknown');
    if (place === undefined) throw new ShopError('not_found', 'there is no such route');
    const methods = [...place.routes.keys(), 'OPTIONS', ...(place.routes.has('GET') ? ['HEAD'] : [])];
    const allow = methods.sort().join(', ');
    if (ctx.method === 'OPTIONS') return { status: 204, headers: { Allow: allow }, body: null };
    throw new ShopError('method_not_allowed', `allowed here: ${allow}`, { details: { allow } });
  }

  app.use(async (ctx) => {
    const place = placeAt(ctx.path);
    const route = place?.routes.get(ctx.method === 'HEAD' ? 'GET' : ctx.method);
    ctx.state.isProbe = route?.isProbe ?? false;
    const reply = route === undefined ? refuse(ctx, place) : answer(ctx, route, place?.params ?? {});
    // An answer that comes after the end finds another one given, so that nothing else may touch the response.
    send(ctx, await ctx.state.end.before(reply));
  });
}

function send(ctx: GatewayContext, { status, headers, body }: Reply): void {
  ctx.status = status;
  ctx.res.setHeader('Cache-Control', 'no-store');
  if (headers !== undefined) ctx.set(headers);
  if (status === 204) return;
  ctx.res.setHeader('Content-Type', jsonType);
  ctx.body = toJsonText(body);
}
