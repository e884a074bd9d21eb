import { sendWhole, writeHead } from '../gateway-response.ts';
import { sentAs } from '../money-json.ts';
import type { GatewayContext } from './request-scope.ts';
import { rateLimitLines } from './rate-limits.ts';
import type { Answer, StreamBody } from './answer.ts';
import { createContentCoding } from './content-coding.ts';
import { UnreadBodies, type UnreadOptions } from './unread-body.ts';

/** Answers, once for each request; then nothing else may touch the response. */
export type SendAnswer = (ctx: GatewayContext, answer: Answer) => void | Promise<void>;

/** Sends what is ready to leave as a whole, so past Koa's setters, which look at each part of it. */
export function createSender(options: UnreadOptions): SendAnswer {
  const unread = new UnreadBodies(options);
  const coded = createContentCoding();
  return (ctx, answer) => {
    ctx.respond = false;
    const sent = coded(answer, ctx.req.headers['accept-encoding']);
    return sent instanceof Promise ? sent.then((ready) => leave(ctx, ready)) : leave(ctx, sent);
  };

  function leave(ctx: GatewayContext, { status, headers, body, stream }: Answer): void | Promise<void> {
    const { req, res, state } = ctx;
    if (!ctx.writable) return void res.end();
    const rest = unread.leave(ctx);
    const { allowance, headerLines } = state;
    const all = [...headers];
    if (body !== undefined) all.push('Content-Length', String(body.length));
    if (rest !== undefined) all.push('Connection', 'close');
    const checked = allowance === undefined ? headerLines : headerLines + rateLimitLines(allowance);
    const isHead = req.method === 'HEAD';
    if (stream !== undefined && !isHead) {
      writeHead(res, status, checked, all);
      return flow(ctx, stream);
    }
    const sent = isHead ? undefined : body?.sent;
    if (rest === undefined) return sendWhole(res, status, checked, all, sent);

    // The end of the response is the end of the connection, so it has to wait.
    const delivered = () => {
      state.delivered = true;
    };
    writeHead(res, status, checked, all);
    if (sent === undefined) res.flushHeaders();
    else res.write(sent, sentAs, delivered);
    return rest().then(() => void res.end());
  }
}

/** For log and metrics the request ends with the head of its answer: the stream may go on for minutes. */
function flow({ res, state }: GatewayContext, stream: StreamBody): void {
  res.flushHeaders();
  state.delivered = true;
  state.over();
  stream(res);
}
