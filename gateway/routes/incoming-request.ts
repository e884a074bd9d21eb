import type { Call } from '../call.ts';
import type { GatewayContext } from '../middleware/request-scope.ts';
import type { RequestKeys } from '../request-keys.ts';
import type { TokenVerifier, User } from '../tokens.ts';
import type { RawRequest } from './route.ts';

interface Known {
  readonly user: User | undefined;
  readonly params: unknown;
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
  readonly keys: RequestKeys;
  readonly tokens: TokenVerifier;
}

/** A request that has been let in. A class, so that its methods are not made with each request. */
export class IncomingRequest implements RawRequest {
  readonly user: User | undefined;
  readonly params: unknown;
  readonly body: unknown;
  readonly call: Call;
  readonly idempotencyKey: string | undefined;
  readonly keys: RequestKeys;
  readonly #ctx: GatewayContext;
  readonly #tokens: TokenVerifier;

  constructor(ctx: GatewayContext, { user, params, body, idempotencyKey, keys, tokens }: Known) {
    this.user = user;
    this.params = params;
    this.body = body;
    this.call = ctx.state.call;
    this.idempotencyKey = idempotencyKey;
    this.keys = keys;
    this.#ctx = ctx;
    this.#tokens = tokens;
  }

  get querystring(): string {
    return this.#ctx.querystring;
  }

  get query(): unknown {
    return this.#ctx.query;
  }

  get ifMatch(): string | undefined {
    return this.#ctx.req.headers['if-match'];
  }

  get lastEventId(): string | undefined {
    const given = this.#ctx.req.headers['last-event-id'];
    return Array.isArray(given) ? given.join(', ') : given;
  }

  checkToken(): Promise<unknown> {
    return this.#tokens.userOf(this.#ctx.req.headers.authorization ?? '');
  }

  note(fields: Readonly<Record<string, string>>): void {
    const { state } = this.#ctx;
    state.notes = { ...state.notes, ...fields };
  }
}
