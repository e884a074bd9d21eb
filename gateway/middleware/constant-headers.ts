import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import cors from '@koa/cors';
import helmet from 'helmet';
import { headerLines } from '../gateway-response.ts';
import { rateLimitFields } from './rate-limits.ts';
import type { GatewayContext, GatewayMiddleware } from './request-scope.ts';
import type { SendAnswer } from './send-answer.ts';

/** What a page of another origin may read of an answer. */
export const exposedHeaders: readonly string[] = [
  'ETag',
  'X-Request-Id',
  'Traceresponse',
  'X-Next-Page-Token',
  'Location',
  'Retry-After',
  ...rateLimitFields,
];

/**
 * The headers that every answer has: what browsers are told to be careful of. Only a request from a page has those of
 * CORS added, which depend on the page.
 */
export function constantHeaders(corsOrigins: readonly string[], send: SendAnswer): GatewayMiddleware {
  const constant = headersOfAll();
  const lines = headerLines(constant);
  const crossOrigin = cors({
    // The library's default is to let everyone in.
    origin: (ctx) => corsOrigins.find((origin) => origin === ctx.get('origin')) ?? '',
    exposeHeaders: [...exposedHeaders],
  });
  return (ctx, next) => {
    if (ctx.req.headers.origin !== undefined) return forPage(ctx, next);
    const { call, traceresponse } = ctx.state;
    // An id that its sender gave has been looked at, and a trace is one of ours.
    const traced = traceresponse === undefined ? '' : `Traceresponse: ${traceresponse}\r\n`;
    ctx.state.headerLines = `X-Request-Id: ${call.requestId}\r\n${traced}${lines}`;
    return next();
  };

  /** The library sets its own one by one, and so are the others, to stand before them. */
  async function forPage(ctx: GatewayContext, next: () => Promise<unknown>): Promise<void> {
    const { call, traceresponse } = ctx.state;
    ctx.res.setHeader('X-Request-Id', call.requestId);
    if (traceresponse !== undefined) ctx.res.setHeader('Traceresponse', traceresponse);
    for (const [name, value] of constant) ctx.res.setHeader(name, value);
    await crossOrigin(ctx, next);
    // What a page asks in advance has been answered by the library.
    if (ctx.respond !== false)
      await send(ctx, { status: ctx.status, headers: ['Cache-Control', 'no-store'] });
  }
}

/** The headers of every answer. */
export function headersOfAll(): (readonly [name: string, value: string])[] {
  return [...securityHeaders(), ['Vary', 'Origin']];
}

/** What helmet sets: the same each time, so it is asked once, about an answer that goes nowhere. */
export function securityHeaders(): (readonly [name: string, value: string])[] {
  const set: [string, string][] = [];
  const answer = new ServerResponse(new IncomingMessage(new Socket()));
  answer.setHeader = (name, value) => {
    set.push([name, String(value)]);
    return answer;
  };
  helmet()(answer.req, answer, (error) => {
    if (error !== undefined) throw error as Error;
  });
  return set;
}
