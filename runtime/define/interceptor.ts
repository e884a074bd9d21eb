import type { EffectContext, Outcome } from './actor.ts';
import type { CallContext } from './call-context.ts';
import type { AskOptions, TellOptions } from './ref.ts';

/**
 * Goes on, with what it was called with or with something like it: towards the next interceptor, and behind the last
 * one to what they stand around.
 */
export type Next<Call, Result> = (call: Call) => Result;

/** One method of an interceptor. */
type Intercept<Call, Result> = (call: Call, next: Next<Call, Result>) => Result;

/** What an ask and a tell have in common. */
export interface OutgoingMessage {
  /** The actor type. */
  readonly type: string;
  readonly key: string;
  readonly message: string;
  /** As the caller gave it. */
  readonly input: unknown;
}

/** An ask on its way out. `input` and `options` may be changed. */
export interface OutgoingAsk extends OutgoingMessage {
  readonly options: AskOptions;
}

/** A tell on its way out. `input` and `options` may be changed. */
export interface OutgoingTell extends OutgoingMessage {
  readonly options: TellOptions;
}

/** Stands around what one process asks and tells. The first of several is the outermost. */
export interface ClientInterceptor {
  /** What it returns is the answer; what it throws, the caller gets. Before `next`, nothing has been sent. */
  ask?(ask: OutgoingAsk, next: Next<OutgoingAsk, Promise<unknown>>): Promise<unknown>;
  tell?(tell: OutgoingTell, next: Next<OutgoingTell, Promise<void>>): Promise<void>;
}

/**
 * A message that is about to be handled. `input`, `requestId` and the trace context may be changed; effects and events of
 * the turn carry on the latter two.
 */
export interface HandledMessage extends Pick<CallContext, 'requestId' | 'traceparent' | 'tracestate'> {
  /** The actor type. */
  readonly type: string;
  readonly key: string;
  readonly message: string;
  readonly messageId: string;
  /** When it was sent, milliseconds since the epoch; undefined for a reminder, and for what an older release sent. */
  readonly sentAt?: number | undefined;
  /** As the contract's schema gives it. */
  readonly input: unknown;
  /** The actor sends it to itself. */
  readonly isReminder: boolean;
}

/**
 * The outcome of an effect that is about to be taken up. `input`, `outcome`, `requestId` and the trace context may be
 * changed, as those of a message.
 */
export interface TakenOutcome extends Pick<CallContext, 'requestId' | 'traceparent' | 'tracestate'> {
  /** The actor type. */
  readonly type: string;
  readonly key: string;
  readonly effect: string;
  /** Of the effect. */
  readonly input: unknown;
  readonly outcome: Outcome<unknown>;
}

/** An effect that is about to be performed. `input` and `context` may be changed. */
export interface PerformedEffect {
  /** The actor type. */
  readonly type: string;
  readonly key: string;
  readonly effect: string;
  readonly input: unknown;
  readonly context: EffectContext;
}

/** Stands around what a node's actors do. The first of several is the outermost. */
export interface NodeInterceptor {
  /**
   * Around the handler of each message that may change something, as synchronous as that is, so `next` is called at most once and before it
   * returns. What it throws counts as thrown by the handler: an `ActorError` refuses the message, and whatever the
   * handler did is undone. What it returns is the answer. A message that was applied before is not handled again.
   */
  handle?(message: HandledMessage, next: Next<HandledMessage, unknown>): unknown;
  /** The same around the handler of each outcome of an effect. What it throws counts as thrown by that handler. */
  outcome?(taken: TakenOutcome, next: Next<TakenOutcome, unknown>): unknown;
  /** The same around the handler of each read-only message, which may be asynchronous. */
  read?(message: HandledMessage, next: Next<HandledMessage, Promise<unknown>>): Promise<unknown>;
  /** Around each run of an effect. What it returns or throws is the outcome. */
  effect?(effect: PerformedEffect, next: Next<PerformedEffect, Promise<unknown>>): Promise<unknown>;
}

/** Several of one method as one, the first outermost; undefined when there is none, which then costs nothing. */
export function chained<Call, Result>(
  methods: readonly (Intercept<Call, Result> | undefined)[],
): Intercept<Call, Result> | undefined {
  const present = methods.filter((method) => method !== undefined);
  const [last] = present.splice(-1);
  return (
    last && present.reduceRight((inner, outer) => (call, next) => outer(call, (c) => inner(c, next)), last)
  );
}
