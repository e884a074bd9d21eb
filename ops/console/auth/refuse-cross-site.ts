import { ActorError } from '@trolley/runtime';
import type { ConsoleContext, ConsoleMiddleware } from '../console-state.ts';

/**
 * Lets no page of another site make a browser write here. A browser says of every request where it comes from, newer
 * ones in `Sec-Fetch-Site`, all of them in the `Origin` of a POST. A program without a browser has no cookie to abuse,
 * and says who it is itself.
 */
export const refuseCrossSite: ConsoleMiddleware = async (ctx, next) => {
  if (!['GET', 'HEAD', 'OPTIONS'].includes(ctx.method) && !isOwn(ctx))
    throw new ActorError('forbidden', 'the request comes from a page of another site');
  return next();
};

function isOwn(ctx: ConsoleContext): boolean {
  const [site, origin] = [ctx.get('sec-fetch-site'), ctx.get('origin')];
  if (site !== '') return site === 'same-origin';
  if (origin !== '') return URL.canParse(origin) && new URL(origin).host === ctx.host;
  return ctx.get('cookie') === '';
}
