import { ShopError } from '../error-table.ts';
import { asActorError, errorAnswer } from '../error-answer.ts';
import { jsonType, toJsonText } from '../money-json.ts';
import type { GatewayMiddleware } from './request-scope.ts';

/** Turns whatever is thrown further in into the one form that errors have outside. */
export function answerErrors(): GatewayMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = asActorError(thrown);
      ctx.state.error = error;
      const { status, headers, body } = errorAnswer(error, ctx.state.call.requestId);
      ctx.status = status;
      ctx.set(headers);
      ctx.set('Content-Type', jsonType);
      ctx.body = toJsonText(body);
    }
  };
}

/** Refuses a request target that is no URL or whose percent-encoding does not decode. */
export function refuseMalformedTarget(): GatewayMiddleware {
  return (ctx, next) => {
    if (ctx.state.path === undefined) throw new ShopError('invalid_request', 'the URL is malformed');
    return next();
  };
}
