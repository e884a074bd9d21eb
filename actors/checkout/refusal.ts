import { isActorError, type ActorError } from '@trolley/runtime';
import { isErrorCode, meaningOf } from '../errors.contract.ts';

/**
 * Whether the far side certainly did nothing and never will for this call. Everything else (a time-out, a full
 * mailbox, an error nobody foresaw) is an unknown outcome: it may have happened, and asking again may help. So may it
 * where this process is refused, by the rules of a network or for its certificate: that says nothing of the call. And
 * of a code that only a newer process knows nobody here can tell whether it may pass.
 */
export function isRefusal(error: unknown): error is ActorError {
  if (!isActorError(error) || !isErrorCode(error.code)) return false;
  const { retry, http } = meaningOf(error.code);
  return retry === 'never' && http < 500 && http !== 401 && http !== 403;
}
