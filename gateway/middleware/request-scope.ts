import type { Middleware, ParameterizedContext } from 'koa';
import type { Clock, Logger, ActorError } from '@trolley/runtime';
import { validTraceparent } from '@trolley/runtime/adapters';
import { reasonOf } from '@trolley/runtime/observe';
import { meaningOf, ShopError } from '../error-table.ts';
import type { Call } from '../call.ts';
import { clientAddress, type TrustedProxies } from '../client-address.ts';
import type { User } from '../tokens.ts';
import { RequestEnd } from './request-end.ts';

/** What one request carries through the middleware. */
export interface GatewayState {
  readonly call: Call;
  readonly end: RequestEnd;
  /** `undefined` for a request target that is no URL; Koa's own getter throws for those. */
  readonly path: string | undefined;
  /** Of the sender, by the word of trusted proxies; empty when the connection is gone. */
  readonly clientAddress: string;
  /** Fields for the request's line in the log, such as the checkout id. */
  readonly notes: Record<string, string>;
  user?: User;
  /** Whether the rest of the body is still awaited. */
  receiving?: boolean;
  /** Whether the whole answer has left though the response has not ended: the sender of a long body is waited for. */
  delivered?: boolean;
  /** Has no line in the log: such come every second, and what they find is told once. */
  isProbe?: boolean;
  /** What the request was refused with. */
  error?: ActorError;
}

export type GatewayContext = ParameterizedContext<GatewayState>;
export type GatewayMiddleware = Middleware<GatewayState>;

interface ScopeOptions {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  readonly trustedProxies: TrustedProxies;
}

/**
 * Gives the request its id, its deadline and its one line in the log. The line is written when the answer
 * has left or its reader has gone, so that it tells the truth about both.
 */
export function requestScope(options: ScopeOptions): GatewayMiddleware {
  const { clock, newId, logger, requestTimeoutMs, trustedProxies } = options;
  // A line of ours has fixed fields: looking for secrets in them costs more than writing them.
  const lines = logger.child({}, { redact: [] });
  return (ctx, next) => {
    const startedAt = clock.monotonic();
    const { headers, socket } = ctx.req;
    const requestId = printable(ctx.get('x-request-id')) ?? newId();
    ctx.res.setHeader('X-Request-Id', requestId);

    const end = new RequestEnd();
    const cancelDeadline = clock.schedule(requestTimeoutMs, () => {
      end.comes(
        // Who sends slowly is not told that the shop is slow.
        state.receiving === true
          ? new ShopError('request_timeout', `the body did not arrive within ${requestTimeoutMs} ms`)
          : new ShopError('deadline_exceeded', `no answer within ${requestTimeoutMs} ms`),
      );
    });
    const state: GatewayState = {
      path: pathOf(ctx),
      clientAddress: clientAddress(socket.remoteAddress ?? '', ctx.get('x-forwarded-for'), trustedProxies),
      notes: {},
      end,
      call: {
        requestId,
        traceparent: headers.traceparent === undefined ? undefined : validTraceparent(ctx.get('traceparent')),
        get signal() {
          return end.signal;
        },
        get timeoutMs() {
          return Math.max(1, Math.ceil(startedAt + requestTimeoutMs - clock.monotonic()));
        },
      },
    };
    ctx.state = state;
    ctx.res.on('close', () => {
      cancelDeadline();
      const answered = ctx.res.writableFinished || state.delivered === true;
      if (!answered) end.comes(new ShopError('aborted', 'the caller has gone'));
      logRequest({ logger, lines }, ctx, answered ? ctx.status : clientGone, clock.monotonic() - startedAt);
    });
    return next();
  };
}

/** As nginx logs it; no such status is ever sent. */
const clientGone = 499;

interface RequestLog {
  readonly logger: Logger;
  /** For what has no error in it: that may hold anything. */
  readonly lines: Logger;
}

function logRequest({ logger, lines }: RequestLog, ctx: GatewayContext, status: number, ms: number): void {
  const { call, path, clientAddress, notes, user, error, isProbe } = ctx.state;
  const level = error === undefined ? 'info' : meaningOf(error.code).log;
  const loud = status !== clientGone && (level === 'warn' || level === 'error');
  (loud ? logger : lines)[isProbe === true && error === undefined ? 'debug' : loud ? level : 'info'](
    {
      method: ctx.method,
      path,
      status,
      ms: Math.round(ms),
      clientAddress,
      requestId: call.requestId,
      ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
      ...(user === undefined ? {} : { userId: user.id }),
      ...notes,
      ...(error === undefined ? {} : { code: error.code }),
      ...(loud ? { err: error } : isTurnedAway(error) ? { reason: reasonOf(error) } : {}),
    },
    'request',
  );
}

/** Who is turned away at the door is not told all, and asks an operator. */
function isTurnedAway(error: ActorError | undefined): boolean {
  return error?.code === 'unauthorized' || error?.code === 'forbidden';
}

function pathOf(ctx: GatewayContext): string | undefined {
  try {
    const { path } = ctx;
    if (path.includes('%')) decodeURIComponent(path);
    return path;
  } catch {
    return undefined;
  }
}

function printable(requestId: string): string | undefined {
  return /^[\x20-\x7e]{1,128}$/.test(requestId) ? requestId : undefined;
}
