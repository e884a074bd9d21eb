import Koa from 'koa';
import { ActorError, type Clock, type Logger } from '@trolley/runtime';
import { levelOfRetry } from '@trolley/runtime/observe';
import type { TrustedProxies } from '../../gateway/client-address.ts';
import { createJsonBody } from '../../gateway/middleware/json-body.ts';
import { auditRoutes } from './api/audit-routes.ts';
import { overviewRoutes } from './api/overview-routes.ts';
import type { ApiRoute } from './api/route.ts';
import { serveApi } from './api/serve-api.ts';
import type { Audit } from './audit/audit.ts';
import { authenticate, signInBeforeBoard } from './auth/authenticate.ts';
import type { ConsoleUser } from './auth/console-users.ts';
import { Passwords } from './auth/passwords.ts';
import { refuseCrossSite } from './auth/refuse-cross-site.ts';
import { sessionRoutes, signInRoute } from './auth/session-routes.ts';
import { Sessions } from './auth/sessions.ts';
import { SignInTries } from './auth/sign-in-tries.ts';
import type { Board } from './board/board.ts';
import type { ConsoleState } from './console-state.ts';
import { pageFiles } from './page-files.ts';
import { requestScope } from './request-scope.ts';
import type { TroubleSource } from './trouble.ts';

export interface ConsoleDeps {
  readonly users: readonly ConsoleUser[];
  readonly audit: Audit;
  /** What the pages ask and do, beside the overview and the audit. */
  readonly routes: readonly ApiRoute[];
  /** Bull Board; undefined: there is none. */
  readonly board?: Pick<Board, 'serve'> | undefined;
  /** What the overview tells of. */
  readonly troubles: readonly TroubleSource[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes ids for requests that bring none. */
  readonly newId: () => string;
  /** Text that nobody guesses. */
  readonly newSecret: () => string;
  readonly trustedProxies: TrustedProxies;
  /** Whether it is served over HTTPS. */
  readonly isSecure: boolean;
  /** What the page shows beside who uses it. */
  readonly facts: { readonly version: string; readonly mode: string };
}

const maxBodyBytes = 1_048_576;

/** The console as a Koa app that does not listen. Who is not let in sees an empty page and a sign-in. */
export function createConsole(deps: ConsoleDeps): Koa<ConsoleState> {
  const { users, audit, clock, logger, newSecret } = deps;
  const app = new Koa<ConsoleState>();
  const readBody = createJsonBody(maxBodyBytes);
  const sessions = new Sessions({ clock, newSecret });
  const passwords = new Passwords({ users, clock, newSecret });
  const tries = new SignInTries(clock);
  const door = { ...deps, sessions, passwords, tries, readBody };
  app.use(requestScope(deps));
  app.use(pageFiles());
  app.use(refuseCrossSite);
  app.use(signInRoute(door));
  app.use(signInBeforeBoard(door));
  app.use(authenticate(door));
  app.use(sessionRoutes(door));
  if (deps.board !== undefined) app.use(deps.board.serve);
  const routes = [...overviewRoutes(deps.troubles, clock), ...auditRoutes(audit), ...deps.routes];
  app.use(serveApi({ ...door, routes }));
  app.use(() => {
    throw new ActorError('not_found', 'there is no such thing in the console');
  });
  // What can still go wrong when the answer is on its way, such as a connection that breaks.
  app.on('error', (err: unknown) => logger[levelOfRetry(err)]({ err }, 'an answer was not delivered'));
  return app;
}
