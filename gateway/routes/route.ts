import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Call } from '../call.ts';
import { guarded } from '../guard.ts';
import { versionsFrom } from '../if-match.ts';
import type { Access } from '../middleware/admission.ts';
import type { Load } from '../middleware/load-shedding.ts';
import type { Json } from '../money-json.ts';
import type { RequestKeys } from '../request-keys.ts';
import type { User } from '../tokens.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Whose things a user may look at: their own, an admin everybody's. */
export function ownerFor({ id, roles }: User): number | undefined {
  return roles.includes('admin') ? undefined : id;
}

export type Retryable = 'by its cart' | 'by the gateway';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a body that is a text as it stands; default: JSON. */
  readonly contentType?: string;
  readonly body: Json;
}

const Nothing = z.object({});
/** What there is where nothing was sent. */
export const nothing = Object.freeze({});

interface RouteSpec<A extends Access, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: Method;
  /** E.g. `/api/v1/products/:product_id`, of which the last segment is a parameter. */
  readonly path: string;
  readonly access: A;
  /** Whether its requests have no line in the log; default no. */
  readonly isProbe?: boolean;
  /**
   * Whether the header `Idempotency-Key` means anything here, and who takes the key: the cart that it is asked of, or
   * the gateway before the request is carried out. Default: it means nothing.
   */
  readonly retryable?: Retryable;
  /** Whether the header `If-Match` means anything here; default no. */
  readonly conditional?: boolean;
  /** When it is refused by a gateway with too much to do. Default: by its access and its method. */
  readonly load?: Load;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly handle: (request: RouteRequest<A, P, Q, B>) => Promise<Reply>;
}

/** What a handler gets: parsed, and with the user that the route's access promises. */
interface RouteRequest<A extends Access, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly user: A extends 'public' ? undefined : User;
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  readonly call: Call;
  /** The header `Idempotency-Key`, checked, on a retryable route. */
  readonly idempotencyKey: string | undefined;
  /** What the header `If-Match` is for, on a conditional route; undefined: any version. */
  readonly versions: readonly number[] | undefined;
  /** Adds fields to the request's line in the log. */
  readonly note: (fields: Readonly<Record<string, string>>) => void;
}

/** What the gateway knows of a request before the route's own guards. */
export interface RawRequest {
  readonly user: User | undefined;
  readonly params: unknown;
  /** What stands behind the `?` of the URL. */
  readonly querystring: string;
  /** Takes it apart. */
  readonly query: () => unknown;
  readonly body: unknown;
  readonly call: Call;
  readonly idempotencyKey: string | undefined;
  readonly ifMatch: string | undefined;
  readonly keys: RequestKeys;
  readonly note: (fields: Readonly<Record<string, string>>) => void;
}

/** A route as data: what it is called, who may call it, what it takes, and how it answers. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly isProbe: boolean;
  readonly retryable: Retryable | undefined;
  readonly conditional: boolean;
  readonly load: Load;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  readonly answer: (request: RawRequest) => Promise<Reply>;
}

/**
 * Makes a route whose handler sees only what passed the guards. The guards stay readable on the route, so
 * that a description of the API can be generated from the same table that serves it.
 *
 * @example
 * defineRoute({
 *   method: 'GET',
 *   path: '/api/v1/products/:product_id',
 *   access: 'user',
 *   params: z.object({ product_id: PathProductId }),
 *   handle: async ({ params, call }) => ({ status: 200, body: productJson(await products.get(params.product_id, call)) }),
 * });
 */
export function defineRoute<
  A extends Access,
  P extends z.ZodType = typeof Nothing,
  Q extends z.ZodType = typeof Nothing,
  B extends z.ZodType = typeof Nothing,
>(spec: RouteSpec<A, P, Q, B>): Route {
  const { params, body } = spec;
  const guards = { params: params ?? Nothing, query: spec.query ?? Nothing, body: body ?? Nothing };
  const query = spec.query === undefined ? undefined : rememberingGuard(spec.query);
  return {
    method: spec.method,
    path: spec.path,
    access: spec.access,
    isProbe: spec.isProbe ?? false,
    retryable: spec.retryable,
    conditional: spec.conditional ?? false,
    load: spec.load ?? usualLoad(spec),
    ...guards,
    answer: (raw) => {
      // An absent guard is `Nothing`, the parameter's default, which lets nothing through; and the gateway lets no one
      // without a token reach a route that is not public: two facts that the compiler can't see from here.
      const request: RouteRequest<A, P, Q, B> = {
        user: raw.user as RouteRequest<A, P, Q, B>['user'],
        params: (params === undefined ? nothing : guarded(params, raw.params)) as z.output<P>,
        query: (query === undefined ? nothing : query(raw)) as z.output<Q>,
        body: (raw.body === nothing && body === undefined
          ? nothing
          : guarded(guards.body, raw.body)) as z.output<B>,
        call: raw.call,
        idempotencyKey: raw.idempotencyKey,
        versions: spec.conditional === true ? versionsFrom(raw.ifMatch) : undefined,
        note: raw.note,
      };
      if (spec.retryable !== 'by the gateway' || raw.idempotencyKey === undefined)
        return spec.handle(request);
      return taking(raw.idempotencyKey, raw, request);
    },
  };

  async function taking(key: string, raw: RawRequest, request: RouteRequest<A, P, Q, B>): Promise<Reply> {
    if (raw.user !== undefined) {
      // The path as it came: a number in it may be larger than JSON has.
      const asked = { route: `${spec.method} ${spec.path}`, params: raw.params, body: request.body };
      await raw.keys.take(raw.user.id, key, asked, raw.call);
    }
    return spec.handle(request);
  }
}

function usualLoad({ access, method }: { readonly access: Access; readonly method: Method }): Load {
  if (access === 'public') return 'probe';
  return method === 'GET' ? 'read' : 'ask';
}

/** How many queries of a route are remembered, and how long each of them is at most. */
const maxQueries = 200;
const longestQuery = 200;

/** Most requests of a route ask in the same few words, which are looked into once. */
function rememberingGuard(guard: z.ZodType): (raw: RawRequest) => unknown {
  const known = new LRUCache<string, { readonly output: unknown }>({ max: maxQueries });
  return ({ querystring, query }) => {
    const held = known.get(querystring);
    if (held !== undefined) return held.output;
    const output = guarded(guard, query());
    if (querystring.length <= longestQuery) known.set(querystring, { output });
    return output;
  };
}
