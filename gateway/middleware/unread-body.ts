import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import type { Clock } from '@trolley/runtime';
import { awaitsContinue, hasBody } from './json-body.ts';
import type { GatewayContext, GatewayMiddleware } from './request-scope.ts';

interface UnreadOptions {
  readonly clock: Clock;
  /** What a body may have. */
  readonly maxBodyBytes: number;
  /** How long what is left may take to arrive. Default 5000. */
  readonly lingerMs?: number | undefined;
}

/** Of a body that is refused, in multiples of what is accepted: most senders read no answer before they have sent all. */
const lingerFactor = 64;

/**
 * Deals with what an answer leaves unread of its request's body, which stands before the next request on the wire.
 *
 * As much as an accepted body may have is read and thrown away, and the connection goes on. After a longer body, or
 * one of unknown length, it is closed: not before the sender had time to read the answer, since a connection that
 * is closed with something unread in it is reset, and the answer lost.
 */
export function leaveNothingUnread(options: UnreadOptions): GatewayMiddleware {
  const { maxBodyBytes } = options;
  return (ctx, next) => (hasBody(ctx.req) ? withBody(ctx, next) : next());

  async function withBody(ctx: GatewayContext, next: () => Promise<unknown>): Promise<void> {
    await next();
    const { req } = ctx;
    if (req.complete) return;
    // Node closes after both: nothing will come, or nothing has come for long enough.
    const heldBack = awaitsContinue(req) && !req.readableDidRead;
    if (heldBack || ctx.state.error?.code === 'request_timeout') return;
    if (Number(req.headers['content-length']) <= maxBodyBytes) void discard(req, maxBodyBytes, options);
    else await answerThenClose(ctx, options);
  }
}

async function answerThenClose(ctx: GatewayContext, options: UnreadOptions): Promise<void> {
  const { req, res, state, body } = ctx;
  // The end of the response is the end of the connection, so it has to wait.
  ctx.respond = false;
  ctx.set('Connection', 'close');
  const delivered = () => {
    state.delivered = true;
  };
  if (typeof body === 'string' && ctx.method !== 'HEAD') res.write(body, delivered);
  else res.flushHeaders();
  await discard(req, lingerFactor * options.maxBodyBytes, options);
  res.end();
}

/** Resolves when nothing more comes; a sender that goes on for too long is cut off. */
function discard(
  req: IncomingMessage,
  maxBytes: number,
  { clock, lingerMs = 5000 }: UnreadOptions,
): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const cutOff = () => void req.destroy();
    const cancel = clock.schedule(lingerMs, cutOff);
    finished(req, { writable: false }, () => {
      cancel();
      resolve();
    });
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) cutOff();
    });
    req.resume();
  });
}
