import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Access, Received, RouteDescription, StatusOf } from '../api/describe-route.ts';
import type { Call } from '../call.ts';
import { guarded } from '../guard.ts';
import { versionsFrom } from '../entity-tags.ts';
import type { StreamBody } from '../middleware/answer.ts';
import type { Load } from '../middleware/load-shedding.ts';
import type { Json } from '../money-json.ts';
import type { RequestKeys } from '../request-keys.ts';
import type { User } from '../tokens.ts';

/** Whose things a user may look at: their own, an admin everybody's. */
export function ownerFor({ id, roles }: User): number | undefined {
  return roles.includes('admin') ? undefined : id;
}

export interface Reply<Status extends number = number> {
  readonly status: Status;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a body that is a text as it stands; default: JSON. */
  readonly contentType?: string;
  readonly body: Json;
  /** Whether it is the same for everybody under its `ETag`, so that `If-None-Match` may be answered 304. */
  readonly isFixed?: boolean;
  /** Writes the body over time, in place of `body`. */
  readonly stream?: StreamBody;
}

/** What there is where nothing was sent. */
export const nothing = Object.freeze({});

/** What a route does with the requests that its description lets in. */
interface RouteHandler<D extends RouteDescription, S extends StatusOf<D>> {
  /** Whether its requests have no line in the log; default no. */
  readonly isProbe?: boolean;
  /** When it is refused by a gateway with too much to do. Default: by its access and its method. */
  readonly load?: Load;
  readonly handle: (request: RouteRequest<D>) => Promise<Reply<S>>;
}

/** What a handler gets: parsed, and with the user that the route's access promises. */
interface RouteRequest<D extends RouteDescription> {
  readonly user: D['access'] extends 'user' | 'admin' ? User : User | undefined;
  readonly params: Received<D, 'params'>;
  readonly query: Received<D, 'query'>;
  readonly body: Received<D, 'body'>;
  readonly call: Call;
  /** The header `Idempotency-Key`, checked, on a retryable route. */
  readonly idempotencyKey: string | undefined;
  /** What the header `If-Match` is for, on a conditional route; undefined: any version. */
  readonly versions: readonly number[] | undefined;
  /** The header `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
  /** Verifies the request's token again. Rejects with `unauthorized` once it is no longer valid. */
  readonly checkToken: () => Promise<unknown>;
  /** Adds fields to the request's line in the log. */
  readonly note: (fields: Readonly<Record<string, string>>) => void;
}

/** What the gateway knows of a request before the route's own guards. */
export interface RawRequest {
  readonly user: User | undefined;
  readonly params: unknown;
  /** What stands behind the `?` of the URL. */
  readonly querystring: string;
  /** The same, taken apart. */
  readonly query: unknown;
  readonly body: unknown;
  readonly call: Call;
  readonly idempotencyKey: string | undefined;
  readonly ifMatch: string | undefined;
  readonly lastEventId: string | undefined;
  readonly keys: RequestKeys;
  checkToken(): Promise<unknown>;
  note(fields: Readonly<Record<string, string>>): void;
}

/** A route as data: what its callers see of it, and how it answers. */
export interface Route extends RouteDescription {
  readonly isProbe: boolean;
  readonly load: Load;
  readonly answer: (request: RawRequest) => Promise<Reply>;
}

const Nothing = z.object({});

/**
 * Makes a route whose handler sees only what passed the guards of its description, and answers with none but its
 * statuses.
 *
 * @example
 * defineRoute(getProduct, {
 *   handle: async ({ params, call }) => ({ status: 200, body: productJson(await products.get(params.product_id, call)) }),
 * });
 */
export function defineRoute<const D extends RouteDescription, S extends StatusOf<D>>(
  description: D,
  handler: RouteHandler<D, S>,
): Route {
  const { params, query: queryGuard, body, method, path, retryable, conditional } = description;
  const query = queryGuard === undefined ? undefined : rememberingGuard(queryGuard);
  return {
    ...description,
    isProbe: handler.isProbe ?? false,
    load: handler.load ?? usualLoad(description),
    answer: (raw) => {
      // An absent guard lets nothing through; and the gateway lets no one without a token reach a route that is not
      // public: two facts that the compiler can't see from here.
      const request = new GuardedRequest(raw, {
        params: params === undefined ? nothing : guarded(params, raw.params),
        query: query === undefined ? nothing : query(raw),
        body: raw.body === nothing && body === undefined ? nothing : guarded(body ?? Nothing, raw.body),
        versions: conditional === true ? versionsFrom(raw.ifMatch) : undefined,
      }) as unknown as RouteRequest<D>;
      if (retryable !== 'by the gateway' || raw.idempotencyKey === undefined) return handler.handle(request);
      return taking(raw.idempotencyKey, raw, request);
    },
  };

  async function taking(key: string, raw: RawRequest, request: RouteRequest<D>): Promise<Reply> {
    if (raw.user !== undefined) {
      // The path as it came.
      const asked = { route: `${method} ${path}`, params: raw.params, body: request.body };
      await raw.keys.take(raw.user.id, key, asked, raw.call);
    }
    return handler.handle(request);
  }
}

interface Guarded {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly versions: readonly number[] | undefined;
}

/** A request whose parts have passed their guards. What few handlers want is made for these alone. */
class GuardedRequest implements Guarded {
  readonly user: User | undefined;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly call: Call;
  readonly idempotencyKey: string | undefined;
  readonly versions: readonly number[] | undefined;
  readonly #raw: RawRequest;

  constructor(raw: RawRequest, { params, query, body, versions }: Guarded) {
    this.user = raw.user;
    this.params = params;
    this.query = query;
    this.body = body;
    this.call = raw.call;
    this.idempotencyKey = raw.idempotencyKey;
    this.versions = versions;
    this.#raw = raw;
  }

  get lastEventId(): string | undefined {
    return this.#raw.lastEventId;
  }

  get checkToken(): () => Promise<unknown> {
    return () => this.#raw.checkToken();
  }

  get note(): (fields: Readonly<Record<string, string>>) => void {
    return (fields) => this.#raw.note(fields);
  }
}

function usualLoad({ access, method }: { readonly access: Access; readonly method: string }): Load {
  if (access === 'public') return 'probe';
  return method === 'GET' ? 'read' : 'ask';
}

/** How many queries of a route are remembered, and how long each of them is at most. */
const maxQueries = 200;
const longestQuery = 200;

/** Most requests of a route ask in the same few words, which are looked into once. */
function rememberingGuard(guard: z.ZodType): (raw: RawRequest) => unknown {
  const known = new LRUCache<string, { readonly output: unknown }>({ max: maxQueries });
  return (raw) => {
    const { querystring } = raw;
    const held = known.get(querystring);
    if (held !== undefined) return held.output;
    const output = guarded(guard, raw.query);
    if (querystring.length <= longestQuery) known.set(querystring, { output });
    return output;
  };
}
