import { z } from 'zod';
import { ActorError, type Logger } from '@trolley/runtime';
import { guarded } from '../../../gateway/guard.ts';
import type { JsonBody } from '../../../gateway/middleware/json-body.ts';
import type { Audit } from '../audit/audit.ts';
import { audited } from '../audit/audited.ts';
import type { ConsoleContext, ConsoleMiddleware } from '../console-state.ts';
import type { Caller } from './caller.ts';
import { refuseForged } from './refuse-forged.ts';
import { type DoorParts, sessionIdIn, setSessionCookie, signIn } from './authenticate.ts';

export interface SessionParts extends DoorParts {
  readonly readBody: JsonBody;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly facts: Readonly<Record<string, unknown>>;
}

const Credentials = z.object({ name: z.string().max(200), password: z.string().max(1_000) });
const WriteMode = z.object({ on: z.boolean() });

/** `POST /api/sign-in`, the one way in without a credential. */
export function signInRoute(parts: SessionParts): ConsoleMiddleware {
  return async (ctx, next) => {
    if (ctx.path !== '/api/sign-in' || ctx.method !== 'POST') return next();
    const given = guarded(Credentials, await parts.readBody(ctx));
    const { requestId, address } = ctx.state;
    const note = { who: given.name.slice(0, 64), address, requestId };
    try {
      const user = await signIn({ ...given, again: false }, address, parts);
      const { id, session } = parts.sessions.open(user);
      setSessionCookie(ctx, parts.isSecure, id);
      parts.logger.info(note, 'signed in to the console');
      ctx.body = sessionBody(parts, { name: user.name, role: user.role, session });
    } catch (error) {
      parts.logger.warn({ ...note, err: error }, 'refused at the console');
      throw error;
    }
  };
}

/** What the page knows of who uses it, write mode, and the way out. */
export function sessionRoutes(parts: SessionParts): ConsoleMiddleware {
  const { sessions, isSecure } = parts;
  return async (ctx, next) => {
    const { caller } = ctx.state;
    if (caller === undefined) return next();
    switch (`${ctx.method} ${ctx.path}`) {
      case 'GET /api/session':
        ctx.body = sessionBody(parts, caller);
        return;
      case 'POST /api/sign-out': {
        refuseForged(ctx, caller);
        const id = sessionIdIn(ctx, isSecure);
        if (id !== undefined) sessions.close(id);
        setSessionCookie(ctx, isSecure, undefined);
        ctx.body = {};
        return;
      }
      case 'POST /api/write-mode':
        await setWriteMode(ctx, caller, parts);
        ctx.body = sessionBody(parts, caller);
        return;
      default:
        return next();
    }
  };
}

async function setWriteMode(ctx: ConsoleContext, caller: Caller, parts: SessionParts): Promise<void> {
  const { session, name: who, role } = caller;
  refuseForged(ctx, caller);
  if (session === undefined)
    throw new ActorError(
      'invalid_request',
      'write mode belongs to a session; a script sends X-Write-Mode: on',
    );
  if (role !== 'operator') throw new ActorError('forbidden', 'a viewer looks, and changes nothing');
  const { on } = guarded(WriteMode, await parts.readBody(ctx));
  // Reading needs no record, and must be possible without PostgreSQL.
  if (!on) return parts.sessions.setWriteMode(session, false);
  const { requestId, address } = ctx.state;
  const action = { who, role, source: 'console', action: 'turn write mode on', target: 'console' } as const;
  await audited(parts, { ...action, requestId, address }, async () => {
    parts.sessions.setWriteMode(session, true);
    return { result: undefined };
  });
}

function sessionBody({ sessions, facts }: SessionParts, { name, role, session }: Caller) {
  return {
    name,
    role,
    ...facts,
    ...(session === undefined
      ? {}
      : { csrfToken: session.csrfToken, writesForMs: sessions.writesForMs(session) }),
  };
}
