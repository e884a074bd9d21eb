import type { ActorRefs } from '@trolley/runtime';
import { CartContract, RecordedRequest } from '../actors/cart/cart.contract.ts';
import { optionsOf, type Call } from './call.ts';

/** A request as its idempotency key stands for it: the route, and what was asked of it. */
export interface KeyedRequest {
  /** E.g. `POST /api/v1/orders/:order_id/cancel`. */
  readonly route: string;
  readonly params: unknown;
  readonly body: unknown;
}

/**
 * The idempotency keys of users. A cart remembers those of its own messages; those of all other requests are taken
 * there as well, so that a key names one request of its user, whatever it is for, and still does after a crash.
 */
export interface RequestKeys {
  /**
   * Takes the key, or finds that this request has it.
   * @throws ActorError `idempotency_key_reused` when it is another request's
   */
  take(userId: number, key: string, request: KeyedRequest, call: Call): Promise<void>;
}

export function createRequestKeys(refs: ActorRefs): RequestKeys {
  return {
    async take(userId, idempotencyKey, request, call) {
      // Without the members that are undefined, which JSON does not have.
      const recorded = RecordedRequest.parse(JSON.parse(JSON.stringify(request)));
      await refs
        .ref(CartContract, String(userId))
        .recordRequest(recorded, { ...optionsOf(call), idempotencyKey });
    },
  };
}

/** The key of one user's request among those of all users, for whoever serves several of them. */
export function keyAmongUsers(userId: number, key: string | undefined): string | undefined {
  return key === undefined ? undefined : `${userId}:${key}`;
}
