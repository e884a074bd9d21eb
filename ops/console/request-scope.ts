import type { Logger } from '@trolley/runtime';
import { clientAddress, type TrustedProxies } from '../../gateway/client-address.ts';
import { consoleErrorAnswer } from './console-error.ts';
import type { ConsoleMiddleware } from './console-state.ts';

export interface RequestScopeOptions {
  readonly logger: Logger;
  /** Makes ids for requests that bring none. */
  readonly newId: () => string;
  readonly trustedProxies: TrustedProxies;
  readonly isSecure: boolean;
}

const always = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
  // Whoever sets another one knows what may be kept.
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'self'",
};

/** Gives a request its id, its headers and, where something is thrown, its answer. */
export function requestScope({
  logger,
  newId,
  trustedProxies,
  isSecure,
}: RequestScopeOptions): ConsoleMiddleware {
  return async (ctx, next) => {
    const given = ctx.get('x-request-id');
    const requestId = /^[\x21-\x7e]{1,128}$/.test(given) ? given : newId();
    const peer = ctx.req.socket.remoteAddress ?? '';
    const address = clientAddress(peer, ctx.get('x-forwarded-for'), trustedProxies);
    ctx.state = { requestId, address, caller: undefined };
    ctx.set({ ...always, 'X-Request-Id': requestId });
    if (isSecure) ctx.set('Strict-Transport-Security', 'max-age=31536000');
    try {
      await next();
    } catch (error) {
      const { status, body, retryAfterS } = consoleErrorAnswer(error, requestId);
      if (status >= 500)
        logger.warn({ err: error, requestId, path: ctx.path }, 'the console could not answer');
      if (retryAfterS !== undefined) ctx.set('Retry-After', String(retryAfterS));
      // A page signs in by its own form: the browser's would stand before it.
      if (status === 401 && ctx.get('x-requested-with') === '')
        ctx.set('WWW-Authenticate', 'Basic realm="trolley console", charset="UTF-8"');
      ctx.status = status;
      ctx.body = body;
    }
  };
}
