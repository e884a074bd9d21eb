import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Middleware, ParameterizedContext } from 'koa';
import type { Clock, Logger, ActorError, TraceContext } from '@trolley/runtime';
import { Deadlines, traceIdOf, validTrace } from '@trolley/runtime/adapters';
import { reasonOf } from '@trolley/runtime/observe';
import { meaningOf, ShopError } from '../error-table.ts';
import type { Call } from '../call.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { GatewayTracing } from '../gateway-tracing.ts';
import { clientAddress, type TrustedProxies } from '../client-address.ts';
import { RequestCall } from '../request-call.ts';
import type { User } from '../tokens.ts';
import { isShed } from './load-shedding.ts';
import type { Allowance } from './rate-limits.ts';
import { RequestEnd } from './request-end.ts';

/** What one request carries through the middleware. */
export interface GatewayState {
  readonly call: Call;
  readonly end: RequestEnd;
  /** `undefined` for a request target that is no URL; Koa's own getter throws for those. */
  readonly path: string | undefined;
  /** Where it stands in the table of routes; `undefined` until it is found there. */
  route: string | undefined;
  /** Of the answer, as `GatewayResponse` takes them: checked before. */
  headerLines: string;
  /** The trace of the request, as its sender is told it; undefined where requests are not traced. */
  readonly traceresponse: string | undefined;
  /** Of the sender, by the word of trusted proxies; empty when the connection is gone. */
  readonly clientAddress: string;
  /** Fields for the request's line in the log, such as the checkout id. */
  notes: Readonly<Record<string, string>> | undefined;
  user: User | undefined;
  /** What is left of its sender's requests, where they are counted. */
  allowance: Allowance | undefined;
  /** Whether the rest of the body is still awaited. */
  receiving: boolean;
  /** Whether the whole answer has left though the response has not ended: the sender of a long body is waited for. */
  delivered: boolean;
  /** Has no line in the log: such come every second, and what they find is told once. */
  isProbe: boolean;
  /** What the request was refused with. */
  error: ActorError | undefined;
  /** Tells the log and the like that the request is over, once; at the end of the response at the latest. */
  readonly over: () => void;
}

export type GatewayContext = ParameterizedContext<GatewayState>;
export type GatewayMiddleware = Middleware<GatewayState>;

interface ScopeOptions {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  readonly trustedProxies: TrustedProxies;
  /** When a request came that had to wait before it came here. */
  readonly cameAt?: ((req: IncomingMessage) => number | undefined) | undefined;
  readonly metrics?: Pick<GatewayMetrics, 'answered'> | undefined;
  readonly tracing?: GatewayTracing | undefined;
}

/**
 * Gives the request its id, its deadline and its one line in the log. The line is written when the answer
 * has left or its reader has gone, so that it tells the truth about both.
 */
export function requestScope(options: ScopeOptions): GatewayMiddleware {
  const { clock, newId, logger, requestTimeoutMs, trustedProxies, cameAt, metrics, tracing } = options;
  const deadlines = new Deadlines(clock, requestTimeoutMs);
  // A line of ours has fixed fields: looking for secrets in them costs more than writing them.
  const lines = logger.child({}, { redact: [] });
  const senderOf = rememberedSenders(trustedProxies);
  return (ctx, next) => {
    const { req, res } = ctx;
    const { headers, socket } = req;
    const startedAt = clock.monotonic();
    const since = cameAt?.(req) ?? startedAt;
    const requestId = requestIdOf(req) ?? newId();
    const path = pathOf(ctx);
    const given = headers.traceparent === undefined ? untraced : validTrace(traceHeaders(ctx));
    const span = tracing?.begin({ method: req.method ?? '', path, requestId, trace: given });
    const trace = span?.trace ?? given;

    const end = new RequestEnd();
    let isOver = false;
    const cancelDeadline = deadlines.set(() => {
      end.comes(
        // Who sends slowly is not told that the shop is slow.
        state.receiving
          ? new ShopError('request_timeout', `the body did not arrive within ${requestTimeoutMs} ms`)
          : new ShopError('deadline_exceeded', `no answer within ${requestTimeoutMs} ms`),
      );
    });
    const state: GatewayState = {
      path,
      route: undefined,
      headerLines: '',
      traceresponse: span?.trace.traceparent,
      clientAddress: senderOf(socket, ctx.get('x-forwarded-for')),
      notes: undefined,
      end,
      call: new RequestCall(requestId, trace, { end, clock, dueAt: startedAt + requestTimeoutMs }),
      user: undefined,
      allowance: undefined,
      receiving: false,
      delivered: false,
      isProbe: false,
      error: undefined,
      over,
    };
    ctx.state = state;
    res.on('close', over);
    return next();

    function over(): void {
      if (isOver) return;
      isOver = true;
      cancelDeadline();
      const answered = res.writableFinished || state.delivered;
      if (!answered) end.comes(new ShopError('aborted', 'the caller has gone'));
      const status = answered ? res.statusCode : clientGone;
      const ms = clock.monotonic() - since;
      logRequest({ logger, lines }, req.method, state, status, ms);
      const { route, error, isProbe } = state;
      const request = {
        method: req.method ?? '',
        route,
        status,
        code: error?.code,
        isShed: isShed(error),
        ms,
      };
      metrics?.answered(request);
      span?.end({ ...request, isProbe });
    }
  };
}

const untraced: TraceContext = {};

const traceHeaders = (ctx: GatewayContext): TraceContext => ({
  traceparent: ctx.get('traceparent'),
  tracestate: ctx.get('tracestate'),
});

/** The other end of a connection is looked at once. */
function rememberedSenders(trusted: TrustedProxies): (socket: Socket, forwardedFor: string) => string {
  const direct = new WeakMap<Socket, string>();
  return (socket, forwardedFor) => {
    let address = forwardedFor === '' ? direct.get(socket) : undefined;
    if (address === undefined) {
      address = clientAddress(socket.remoteAddress ?? '', forwardedFor, trusted);
      if (forwardedFor === '') direct.set(socket, address);
    }
    return address;
  };
}

/** As nginx logs it; no such status is ever sent. */
export const clientGone = 499;

interface RequestLog {
  readonly logger: Logger;
  /** For what has no error in it: that may hold anything. */
  readonly lines: Logger;
}

function logRequest(
  { logger, lines }: RequestLog,
  method: string | undefined,
  { call, path, clientAddress, notes, user, error, isProbe }: GatewayState,
  status: number,
  ms: number,
): void {
  // Told once for many.
  if (isShed(error) && !lines.isLevelEnabled('debug')) return;
  const line: Record<string, unknown> = {
    method,
    path,
    status,
    ms: Math.round(ms),
    clientAddress,
    requestId: call.requestId,
    trace_id: traceIdOf(call.traceparent),
    userId: user?.id,
  };
  if (notes !== undefined) Object.assign(line, notes);
  if (error === undefined) return lines[isProbe ? 'debug' : 'info'](line, 'request');
  line['code'] = error.code;
  if (isShed(error)) return lines.debug(line, 'request');
  const level = status === clientGone ? 'info' : meaningOf(error.code).log;
  if (level === 'warn' || level === 'error') return logger[level]({ ...line, err: error }, 'request');
  if (isTurnedAway(error)) line['reason'] = reasonOf(error);
  lines.info(line, 'request');
}

/** Who is turned away at the door is not told all, and asks an operator. */
function isTurnedAway({ code }: ActorError): boolean {
  return code === 'unauthorized' || code === 'forbidden';
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

/** The id that the caller sent, if it is printable. */
export function requestIdOf({ headers }: IncomingMessage): string | undefined {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\x20-\x7e]{1,128}$/.test(given) ? given : undefined;
}
