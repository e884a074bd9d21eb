import type Koa from 'koa';
import Router from '@koa/router';
import { ShopError } from '../../actors/errors.contract.ts';
import { idempotencyKeyFrom } from '../idempotency-key.ts';
import type { Admission } from '../middleware/admission.ts';
import type { JsonBody } from '../middleware/json-body.ts';
import type { GatewayContext, GatewayMiddleware, GatewayState } from '../middleware/request-scope.ts';
import { toJsonText } from '../money-json.ts';
import type { Reply, Route } from './route.ts';

export interface ServeOptions {
  readonly routes: readonly Route[];
  readonly admit: Admission;
  readonly readBody: JsonBody;
}

/** Serves the table of routes; what is not in it is `not_found`, or `method_not_allowed` with `Allow`. */
export function serve(app: Koa<GatewayState>, { routes, admit, readBody }: ServeOptions): void {
  const router = new Router<GatewayState>({ sensitive: true });
  for (const route of routes) {
    router.register(route.path, [route.method], async (ctx) => {
      ctx.state.isProbe = route.isProbe;
      await replyWith(ctx, async () => {
        const user = await admit(ctx, route.access);
        ctx.state.receiving = true;
        const body = await readBody(ctx);
        ctx.state.receiving = false;
        const idempotencyKey = route.retryable
          ? idempotencyKeyFrom(ctx.req.headersDistinct['idempotency-key'])
          : undefined;
        const { call, notes } = ctx.state;
        const note = (fields: Readonly<Record<string, string>>) => void Object.assign(notes, fields);
        return route.answer({ user, params: ctx.params, query: ctx.query, body, call, idempotencyKey, note });
      });
    });
  }

  const unrouted: GatewayMiddleware = async (ctx) => {
    await replyWith(ctx, async () => {
      await admit(ctx, 'unknown');
      const methods = router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods);
      if (methods.length === 0) throw new ShopError('not_found', 'there is no such route');
      const allow = [...new Set([...methods, 'OPTIONS'])].sort().join(', ');
      if (ctx.method === 'OPTIONS') return { status: 204, headers: { Allow: allow }, body: null };
      throw new ShopError('method_not_allowed', `allowed here: ${allow}`, { details: { allow } });
    });
  };
  app.use(router.routes());
  app.use(unrouted);
}

/**
 * Sends the reply that `work` comes to, unless the request's time is over before. `work` then goes on by itself
 * and finds the answer already given, so only this function may touch the response.
 */
async function replyWith(ctx: GatewayContext, work: () => Promise<Reply>): Promise<void> {
  const { status, headers, body } = await before(ctx.state.call.signal, work());
  ctx.status = status;
  ctx.set({ 'Cache-Control': 'no-store', ...headers });
  if (status === 204) return;
  ctx.type = 'application/json';
  ctx.body = toJsonText(body);
}

async function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = (): void => {};
  const over = new Promise<never>((_resolve, reject) => {
    // The reason is one of ours: the deadline has passed, or the caller has gone.
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) return fail();
    signal.addEventListener('abort', fail, { once: true });
    stop = () => signal.removeEventListener('abort', fail);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    stop();
  }
}
