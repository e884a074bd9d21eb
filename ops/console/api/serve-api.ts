import { ActorError, type Clock, type Logger } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import type { JsonBody } from '../../../gateway/middleware/json-body.ts';
import type { Audit } from '../audit/audit.ts';
import { audited } from '../audit/audited.ts';
import type { Caller } from '../auth/caller.ts';
import { refuseForged } from '../auth/refuse-forged.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { ConsoleContext, ConsoleMiddleware } from '../console-state.ts';
import type { ActionRoute, ApiCall, ApiRoute } from './route.ts';

export interface ServeApiOptions {
  readonly routes: readonly ApiRoute[];
  readonly readBody: JsonBody;
  readonly audit: Audit;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A page asks again; what was to be done may still be done. */
const answerLimitMs = 15_000;

/** Serves the table of routes to callers who have been let in. */
export function serveApi(options: ServeApiOptions): ConsoleMiddleware {
  const { routes, readBody, sessions, clock, logger } = options;
  const reads = new Map(routes.flatMap((each) => (each.kind === 'read' ? [[each.path, each]] : [])));
  const actions = new Map(routes.flatMap((each) => (each.kind === 'action' ? [[each.path, each]] : [])));
  const mounts = routes.filter((each) => each.kind === 'mount');

  async function act(ctx: ConsoleContext, caller: Caller, route: ActionRoute): Promise<unknown> {
    refuseUnlessWriting(ctx, caller, sessions);
    const plan = route.plan(await readBody(ctx));
    const { entry } = plan;
    const { requestId, address } = ctx.state;
    const call = callOf(ctx, caller);
    const { name: who, role } = caller;
    const action = { who, role, source: 'console', ...entry, requestId, address } as const;
    logger.info({ who, action: entry.action, target: entry.target, requestId }, 'an operator acts');
    const limited = () => withTimeLimit(clock, answerLimitMs, entry.action, plan.perform(call));
    return audited(options, action, limited);
  }

  return async (ctx, next) => {
    const { caller } = ctx.state;
    if (caller === undefined) throw new ActorError('unauthorized', 'sign in first');
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
    const mount = mounts.find(({ path }) => ctx.path === path || ctx.path.startsWith(`${path}/`));
    if (mount !== undefined && isRead) {
      ctx.respond = false;
      return mount.handle(ctx.req, ctx.res);
    }
    const [read, action] = [reads.get(ctx.path), actions.get(ctx.path)];
    if (isRead && read !== undefined) {
      const answer = read.answer(ctx.query, callOf(ctx, caller));
      ctx.body = await withTimeLimit(clock, answerLimitMs, ctx.path, answer);
    } else if (ctx.method === 'POST' && action !== undefined) {
      ctx.body = (await act(ctx, caller, action)) ?? {};
    } else if (read !== undefined || action !== undefined || mount !== undefined) {
      throw new ActorError('method_not_allowed', `not by ${ctx.method}`);
    } else return next();
  };
}

function callOf(ctx: ConsoleContext, { name }: Caller): ApiCall {
  const gone = new AbortController();
  ctx.res.once('close', () => {
    if (!ctx.res.writableFinished) gone.abort();
  });
  return { requestId: ctx.state.requestId, who: name, signal: gone.signal };
}

/**
 * An operator who has turned write mode on may act, by a request that only our own page, or a script that says so, can
 * have sent.
 * @throws ActorError `forbidden`, `read_only`
 */
function refuseUnlessWriting(ctx: ConsoleContext, caller: Caller, sessions: Sessions): void {
  refuseForged(ctx, caller);
  if (caller.role !== 'operator') throw new ActorError('forbidden', 'a viewer looks, and changes nothing');
  const { session } = caller;
  if (session === undefined) {
    if (ctx.get('x-write-mode') !== 'on')
      throw new ActorError('read_only', 'a script that acts sends X-Write-Mode: on');
  } else if (sessions.writesForMs(session) === 0) {
    throw new ActorError('read_only', 'the console is read-only: turn write mode on first');
  }
}
