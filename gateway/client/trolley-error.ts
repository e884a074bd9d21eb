import type { StatusOfCode } from './api.ts';

/** A code of the shop: its table of errors. */
export type ShopCode = keyof StatusOfCode;

/**
 * What no answer says, but the client:
 * - `no_answer`: none came, or not the whole of it;
 * - `timed_out`: the call's time was over;
 * - `cancelled`: the caller gave it up by its signal, whose reason is the `cause`;
 * - `not_understood`: something answered that is not the shop, or not as the client knows it;
 * - `no_token`: there was none to send; what the caller's function threw is the `cause`.
 */
export type ClientCode = 'no_answer' | 'timed_out' | 'cancelled' | 'not_understood' | 'no_token';

export type Code = ShopCode | ClientCode;

/** Further facts beside the sentence. */
export type DetailsOf<C extends Code> = C extends 'precondition_failed'
  ? {
      /** Of the cart as it is now. */
      readonly etag?: string;
    }
  : C extends 'rate_limited' | 'too_many_streams' | 'mailbox_full' | 'unavailable'
    ? {
        /** How long to wait before another try. */
        readonly retryAfterMs?: number;
      }
    : Readonly<Record<string, never>>;

type StatusOf<C extends Code> = C extends ShopCode ? StatusOfCode[C] : number | undefined;

export interface TrolleyErrorFields<C extends Code> {
  readonly code: C;
  readonly status: StatusOf<C>;
  readonly details: DetailsOf<C>;
  readonly requestId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly checkoutId?: string | undefined;
  readonly attempts: number;
  readonly outcomeUnknown: boolean;
  readonly cause?: unknown;
}

/** The one error of the client. It is recognised by `isTrolleyError`, and told apart by its `code`. */
export class TrolleyError<C extends Code = Code> extends Error {
  readonly code: C;
  /** Of the last answer; undefined where there was none. */
  readonly status: StatusOf<C>;
  readonly details: DetailsOf<C>;
  /** Under which the shop has logged the last request; undefined where none was answered. */
  readonly requestId: string | undefined;
  /** The key of a call that changes something: under it the same call may be made again, and is applied once. */
  readonly idempotencyKey: string | undefined;
  /** Of a checkout that was accepted and runs on; `checkouts.follow` waits for its end. */
  readonly checkoutId: string | undefined;
  /** How many requests were sent. */
  readonly attempts: number;
  /**
   * Whether what was asked for may have happened, or may happen yet. Then nobody knows that it failed: ask again under
   * `idempotencyKey`, or look.
   */
  readonly outcomeUnknown: boolean;

  constructor(message: string, fields: TrolleyErrorFields<C>) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'TrolleyError';
    this.code = fields.code;
    this.status = fields.status;
    this.details = fields.details;
    this.requestId = fields.requestId;
    this.idempotencyKey = fields.idempotencyKey;
    this.checkoutId = fields.checkoutId;
    this.attempts = fields.attempts;
    this.outcomeUnknown = fields.outcomeUnknown;
  }
}

/** One of the error's kinds each: a look at `code` tells the compiler the status and the details. */
export type AnyTrolleyError = { [C in Code]: TrolleyError<C> }[Code];

/** Goes by the name, not the class: a page may have loaded two copies. A newer shop may send codes that are unknown here. */
export function isTrolleyError(error: unknown): error is AnyTrolleyError {
  return error instanceof Error && error.name === 'TrolleyError' && 'outcomeUnknown' in error;
}
