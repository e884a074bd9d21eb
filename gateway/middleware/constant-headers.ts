import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import cors from '@koa/cors';
import helmet from 'helmet';
import type { GatewayMiddleware } from './request-scope.ts';

/**
 * The headers that every answer has: what browsers are told to be careful of. Only a request from a page has those of
 * CORS added, which depend on the page.
 */
export function constantHeaders(corsOrigins: readonly string[]): GatewayMiddleware {
  const constant = [...securityHeaders(), ['Vary', 'Origin'] as const];
  const crossOrigin = cors({
    // The library's default is to let everyone in.
    origin: (ctx) => corsOrigins.find((origin) => origin === ctx.get('origin')) ?? '',
    exposeHeaders: ['X-Request-Id', 'X-Next-Page-Token', 'Location', 'Retry-After'],
  });
  return (ctx, next) => {
    for (const [name, value] of constant) ctx.res.setHeader(name, value);
    return ctx.req.headers.origin === undefined ? next() : (crossOrigin(ctx, next) as Promise<unknown>);
  };
}

/** What helmet sets: the same each time, so it is asked once, about an answer that goes nowhere. */
function securityHeaders(): (readonly [name: string, value: string])[] {
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
