import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { guarded } from '../../../gateway/guard.ts';
import type { Performed } from '../audit/audited.ts';
import type { AuditedAction } from '../audit/audit.ts';

/** Of a request of the API: what it is known by in logs, and how long its caller waits. */
export interface ApiCall {
  readonly requestId: string;
  /** Who asks. */
  readonly who: string;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

/** GET: answers a question, and changes nothing. */
export interface ReadRoute {
  readonly kind: 'read';
  readonly path: string;
  answer(query: unknown, call: ApiCall): Promise<unknown>;
}

/** POST: does something, for an operator in write mode, on record. */
export interface ActionRoute {
  readonly kind: 'action';
  readonly path: string;
  /** @throws ActorError `invalid_request` */
  plan(body: unknown): {
    readonly entry: Pick<AuditedAction, 'action' | 'target' | 'details'>;
    perform(call: ApiCall): Promise<Performed<unknown>>;
  };
}

/** GET: a handler of Node that answers by itself, for streams and for pages of other packages. */
export interface MountRoute {
  readonly kind: 'mount';
  /** Also of everything below it. */
  readonly path: string;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** What a path under `/api/` does. Paths are fixed: what differs is in the query, or in the body, where any key may stand. */
export type ApiRoute = ReadRoute | ActionRoute | MountRoute;

export function defineRead<Q extends z.ZodType>(route: {
  readonly path: string;
  readonly query: Q;
  answer(query: z.output<Q>, call: ApiCall): Promise<unknown>;
}): ReadRoute {
  return {
    kind: 'read',
    path: route.path,
    answer: async (query, call) => route.answer(guarded(route.query, query), call),
  };
}

export function defineAction<B extends z.ZodType>(route: {
  readonly path: string;
  readonly body: B;
  /** What the audit says of it. Secrets have no place there. */
  audit(body: z.output<B>): Pick<AuditedAction, 'action' | 'target' | 'details'>;
  perform(body: z.output<B>, call: ApiCall): Promise<Performed<unknown>>;
}): ActionRoute {
  return {
    kind: 'action',
    path: route.path,
    plan(given) {
      const body = guarded(route.body, given);
      return { entry: route.audit(body), perform: (call) => route.perform(body, call) };
    },
  };
}

export function defineMount(route: Omit<MountRoute, 'kind'>): MountRoute {
  return { kind: 'mount', ...route };
}
