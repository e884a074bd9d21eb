import { isActorError, type ActorError } from '@trolley/runtime';
import { CartContract } from '../cart/cart.contract.ts';
import { OrderContract } from '../order/order.contract.ts';
import { isServiceRefusal } from '../services/grpc/rpc-error.ts';

/** By their codes alone: another version may have other details for one of them. */
const declared = new Set([CartContract, OrderContract].flatMap(({ refusals }) => Object.keys(refusals)));

/**
 * Whether the far side, an actor or a service, certainly did nothing and never will for this call. Everything else (a
 * time-out, a full mailbox, an error nobody foresaw) is an unknown outcome: it may have happened, and asking again may
 * help. So may it where this process is refused, by the rules of a network or for its certificate: that says nothing of
 * the call. And of a code that only a newer process knows nobody here can tell whether it may pass.
 */
export function isCertainlyRefused(error: unknown): error is ActorError {
  return isActorError(error) && (declared.has(error.code) || isServiceRefusal(error.code));
}
