import { ActorError, type Clock } from '@trolley/runtime';
import { boardPath } from '../board/board-path.ts';
import type { ConsoleContext, ConsoleMiddleware } from '../console-state.ts';
import type { Caller } from './caller.ts';
import type { ConsoleUser } from './console-users.ts';
import type { Passwords } from './passwords.ts';
import type { Sessions } from './sessions.ts';
import type { SignInTries } from './sign-in-tries.ts';

export interface DoorParts {
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly tries: SignInTries;
  readonly clock: Clock;
  /** Whether the console is reached over HTTPS alone. */
  readonly isSecure: boolean;
}

/** With the prefix a browser takes the cookie over HTTPS alone, and from this host alone. */
const cookieName = (isSecure: boolean) => (isSecure ? '__Host-trolley-console' : 'trolley-console');

export function sessionIdIn(ctx: ConsoleContext, isSecure: boolean): string | undefined {
  return ctx.cookies.get(cookieName(isSecure));
}

/** Undefined: the cookie ends. */
export function setSessionCookie(ctx: ConsoleContext, isSecure: boolean, id: string | undefined): void {
  // Not by Koa's own, which refuses `Secure` where a proxy has ended TLS.
  const end = id === undefined ? '; Max-Age=0' : '';
  const secure = isSecure ? '; Secure' : '';
  ctx.set(
    'Set-Cookie',
    `${cookieName(isSecure)}=${id ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure}${end}`,
  );
}

/** The board has no sign-in of its own: who comes to it by a link without a session is led to a page that has one. */
export function signInBeforeBoard({ sessions, isSecure }: DoorParts): ConsoleMiddleware {
  return async (ctx, next) => {
    const isPage = ctx.path.startsWith(boardPath) && ctx.get('accept').includes('text/html');
    const id = sessionIdIn(ctx, isSecure);
    if (!isPage || ctx.get('authorization') !== '' || (id !== undefined && sessions.use(id) !== undefined))
      return next();
    ctx.redirect('/mailboxes');
  };
}

/** Lets in who has signed in, or brings name and password by HTTP Basic. */
export function authenticate({ sessions, passwords, tries, isSecure }: DoorParts): ConsoleMiddleware {
  return async (ctx, next) => {
    const id = sessionIdIn(ctx, isSecure);
    const session = id === undefined ? undefined : sessions.use(id);
    if (session !== undefined) ctx.state.caller = { ...nameAndRole(session.user), session };
    else ctx.state.caller = await callerByPassword(ctx, passwords, tries);
    return next();
  };
}

async function callerByPassword(
  ctx: ConsoleContext,
  passwords: Passwords,
  tries: SignInTries,
): Promise<Caller> {
  const given = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(ctx.get('authorization'))?.[1];
  if (given === undefined) throw new ActorError('unauthorized', 'sign in first');
  const text = Buffer.from(given, 'base64').toString('utf8');
  const at = text.indexOf(':');
  const user = await signIn(
    { name: text.slice(0, Math.max(0, at)), password: text.slice(at + 1), again: true },
    ctx.state.address,
    { passwords, tries },
  );
  return { ...nameAndRole(user), session: undefined };
}

/**
 * The same words whether the name is unknown or the password is wrong.
 * @throws ActorError `unauthorized`, `rate_limited`
 */
export async function signIn(
  { name, password, again }: { readonly name: string; readonly password: string; readonly again: boolean },
  address: string,
  { passwords, tries }: Pick<DoorParts, 'passwords' | 'tries'>,
): Promise<ConsoleUser> {
  tries.admit(address);
  const user = await (again ? passwords.checkAgain(name, password) : passwords.check(name, password));
  if (user !== undefined) return user;
  tries.countWrong(address);
  throw new ActorError('unauthorized', 'the name or the password is wrong');
}

const nameAndRole = ({ name, role }: ConsoleUser) => ({ name, role });
