import { isTrolleyError, type TrolleyError } from '../../runtime/define/errors.ts';

/**
 * Whether the far side certainly did nothing and never will for this call. Everything else (a time-out, a full
 * mailbox, an error nobody foresaw) is an unknown outcome: it may have happened, and asking again may help.
 */
export function isRefusal(error: unknown): error is TrolleyError {
  return isTrolleyError(error) && error.meaning.retry === 'never' && error.meaning.http < 500;
}
