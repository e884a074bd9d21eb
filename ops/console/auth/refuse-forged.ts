import { timingSafeEqual } from 'node:crypto';
import { ActorError } from '@trolley/runtime';
import type { ConsoleContext } from '../console-state.ts';
import type { Caller } from './caller.ts';

/**
 * Whoever has a session also brings its token.
 * @throws ActorError `forbidden`
 */
export function refuseForged(ctx: ConsoleContext, { session }: Caller): void {
  if (session === undefined) return;
  const given = Buffer.from(ctx.get('x-csrf-token'));
  const wanted = Buffer.from(session.csrfToken);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    throw new ActorError('forbidden', 'the request lacks the token of its session');
}
