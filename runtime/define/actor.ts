import type { CallContext } from './call-context.ts';
import { checkSchema } from './carried-schema.ts';
import type {
  ActorContract,
  ChangingName,
  InputOf,
  MessageName,
  MessageSpec,
  MessageSpecs,
  OutputOf,
  ParsedInputOf,
  ReadOnlyName,
} from './contract.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import {
  isDeferrable,
  type CanDefer,
  type DeferrableName,
  type Deferred,
  type DeferredAnswers,
  type NoTags,
  type TagOf,
  type TagSchemas,
  type Waiting,
} from './deferred.ts';
import type { ActorError } from './errors.ts';
import type { ActorRefs } from './ref.ts';
import type { Schema } from './schema.ts';

/** What an effect may use while it runs, outside any turn: the call that led to it, to be passed on, and its own id. */
export interface EffectContext extends CallContext {
  /** The same for every run of this effect, also after a crash: the far side's idempotency key. */
  readonly effectId: string;
  readonly key: string;
  /**
   * Other actors, under the call's request id and trace, for no longer than `signal` says. Since the effect may run
   * again, name what must count once: `{ idempotencyKey: effectId }`, with something of its own for each of several.
   */
  readonly refs: ActorRefs;
  /** Aborts when the node gives the actor up. The effect then runs again elsewhere. */
  readonly signal: AbortSignal;
}

/**
 * Work outside the actor, performed between turns, at least once, after the turn that wanted it is
 * durable. It must be idempotent on the far side.
 */
export type Effect<Input, Result> = (input: Input, context: EffectContext) => Promise<Result>;

// `never` as parameter type: the only supertype of every effect's input.
export type Effects = Readonly<Record<string, Effect<never, unknown>>>;

/** Names of the effects; none when an actor has no effects. */
export type EffectName<E extends Effects> = string extends keyof E ? never : keyof E & string;

export type EffectInput<E extends Effects, N extends keyof E> =
  E[N] extends Effect<infer I, unknown> ? I : never;
export type EffectResult<E extends Effects, N extends keyof E> = Awaited<ReturnType<E[N]>>;

/**
 * How an effect ended. `error` is what it threw: a refusal or an unknown outcome, by its code. `repeated`: it may have
 * ended before, and have led to other effects, of which nothing was written.
 */
export type Outcome<T> = (
  | { readonly ok: true; readonly value: T; readonly error?: undefined }
  | { readonly ok: false; readonly error: ActorError }
) & { readonly repeated?: boolean };

export interface PerformOptions {
  /** Milliseconds from now, at most a year, before which the effect does not start. Survives a crash. */
  readonly delayMs?: number;
  /** Names the effect so that it can be cancelled; performing the same id again replaces it. */
  readonly id?: string;
}

/** When a reminder is due: milliseconds from now, or a time in milliseconds since the epoch. */
export type ReminderTime = { readonly delayMs: number } | { readonly at: number };

/** Names a reminder so that it can be cancelled; another one of the same id replaces it. Default: the message. */
export interface ReminderOptions {
  readonly id?: string;
}

/** An event that leaves with the state, in the same transaction. */
export interface OutboxEvent {
  readonly type: string;
  /** Events with the same key keep their order. */
  readonly partitionKey: string;
  /** JSON. */
  readonly payload: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * One message being handled. Everything a handler does goes through it and becomes real together, when the
 * turn is committed; an exception means that the turn did not happen.
 */
export type Turn<
  S,
  E extends Effects = Effects,
  M extends MessageSpecs = MessageSpecs,
  T extends object = NoTags,
> = TurnOn<DeepReadonly<S>, E, M, T>;

/** A turn, on a state that is deep-readonly already. */
export interface TurnOn<
  S,
  E extends Effects = Effects,
  M extends MessageSpecs = MessageSpecs,
  T extends object = NoTags,
> {
  readonly key: string;
  readonly messageId: string;
  readonly requestId: string | undefined;
  /** Of the message or outcome, as W3C trace context; what the turn wants done goes on with it. */
  readonly traceparent: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Frozen, as all that is kept: a handler that changes it in place throws, and its message did not happen. */
  readonly state: S;
  set(next: S): void;
  /**
   * Brings the key back to its initial state, with no effects and no reminders. Nothing is stored of it any more, but
   * for the message that did so, which may be delivered again, for those with an idempotency key, which are remembered
   * for their time, and for callers who still wait.
   */
  clear(): void;
  /** Wants an effect; it starts when this turn is durable, and its outcome comes back to `onResult`. */
  perform<N extends EffectName<E>>(
    name: N,
    input: DeepReadonly<EffectInput<E, N>>,
    options?: PerformOptions,
  ): void;
  /** Drops a wanted effect by its id. One that already runs is not stopped, but its outcome is ignored. */
  cancel(id: string): void;
  /**
   * A durable timer: the actor gets this message from itself once it is due, late rather than never, whatever died
   * meanwhile, and however long it is till then. Its answer goes to nobody; refused, it is logged and over.
   * @throws ActorError `invalid_request` when the input is not the message's
   */
  remind<N extends ChangingName<M>>(
    message: N,
    input: DeepReadonly<InputOf<M, N>>,
    when: ReminderTime & ReminderOptions,
  ): void;
  /** Drops a reminder by its id. */
  cancelReminder(id: string): void;
  /**
   * Lets what this turn made of an outcome, or of a message whose answer it defers, be written together with what the
   * next turn makes, while the effects that it wants start at once. After a crash between the two the effect of this
   * outcome runs again under its id, or the message comes again, and so do the effects that it led to: for effects whose
   * far side then answers the same, or whose compensation is on record before the first of them, or that come to nothing
   * by themselves when nobody asks again. The write waits for `limits.postponeMs` at most. It comes before any answer and any
   * event, and, where a message waits for it, before the next message and whatever follows from the effects. Without a
   * due effect, or with several messages or outcomes it does not wait at all.
   */
  postponeWrite(): void;
  /** Puts an event in the outbox, with the trace context of this turn. The actor's store must be able to hold it. */
  publish(event: OutboxEvent): void;
  /**
   * Answers everyone who waits for one of these messages, or those that `isMeant` picks; the others go on waiting.
   * One whose message or tag only an earlier version understood is refused, by this as by `refuseWaiting`.
   */
  answerWaiting(answers: DeferredAnswers<M, T>, isMeant?: (waiting: Waiting<M, T>) => boolean): void;
  /** Refuses everyone who was deferred, or those that `isMeant` picks. */
  refuseWaiting(error: ActorError, isMeant?: (waiting: Waiting<M, T>) => boolean): void;
}

/** A read-only message being handled: it sees what is durable, and can change nothing. */
export interface ReadTurn<S> extends CallContext {
  readonly key: string;
  readonly messageId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly state: DeepReadonly<S>;
  /** Milliseconds till the message is given up, or its asker does not wait any more. */
  readonly timeoutMs: number;
  /** Aborts then, or when the node gives the actor up; the message is then read again elsewhere. */
  readonly signal: AbortSignal;
}

/** What the handler of a message sees. */
export type TurnOf<M extends MessageSpecs, N extends MessageName<M>, S, E extends Effects, T extends object> =
  N extends ReadOnlyName<M>
    ? ReadTurn<S>
    : Turn<S, E, M, T> & (N extends DeferrableName<M> ? CanDefer<TagOf<T, N>> : unknown);

/** What a handler may return instead of the answer. */
export type LaterAnswer<M extends MessageSpecs, N extends MessageName<M>> =
  N extends ReadOnlyName<M>
    ? Promise<DeepReadonly<OutputOf<M, N>>>
    : N extends DeferrableName<M>
      ? Deferred
      : never;

export type Receive<M extends MessageSpecs, S, E extends Effects, T extends object = NoTags> = {
  readonly [N in MessageName<M>]: (
    turn: TurnOf<M, N, S, E, T>,
    input: ParsedInputOf<M, N>,
  ) => DeepReadonly<OutputOf<M, N>> | LaterAnswer<M, N>;
};

export type OnResult<S, E extends Effects, M extends MessageSpecs, T extends object = NoTags> = {
  readonly [N in EffectName<E>]: (
    turn: Turn<S, E, M, T>,
    outcome: Outcome<EffectResult<E, N>>,
    input: DeepReadonly<EffectInput<E, N>>,
  ) => void;
};

export interface ActorDefinition<M extends MessageSpecs, S, E extends Effects, T extends object = NoTags> {
  /** Grows when the stored state changes its shape. Default 1. */
  readonly version?: number;
  /** Brings a state that an older version stored to this version's shape; `state` then parses it. */
  migrate?(stored: unknown, version: number): unknown;
  /** Parsed when an activation loads it, from the JSON that it is stored as: no Date, Map or transform. */
  readonly state: Schema<S>;
  /** The state of a key that nothing is stored for. Not written until a handler sets it. */
  initial(key: string, now: number): DeepReadonly<S>;
  /**
   * By message, what is remembered of a caller whose answer is deferred, to tell one from another or to answer with;
   * none: it defers without. Parsed from the JSON that it is stored as, as the state is.
   */
  readonly tags?: TagSchemas<M, T>;
  readonly receive: Receive<M, S, E, T>;
  readonly effects?: E;
  /** Takes up the outcome of each effect, as a turn of the same actor. */
  readonly onResult?: OnResult<S, E, M, T>;
  /**
   * What becomes of a message that failed for good. `dead-letter` (default): it is set aside and the next one comes.
   * `park`: the actor takes no more until somebody releases it, where a later message makes no sense without it.
   */
  readonly onPoison?: 'dead-letter' | 'park';
  /**
   * Milliseconds with nothing to do after which an actor of this type leaves memory; its node's `limits.idleMs` where
   * that is less. Looked at once a second. Default: the node's. For those that are hardly asked again once they have
   * done their work, as a workflow that has ended.
   */
  readonly idleMs?: number;
  /**
   * Messages that nearly always come to a key that nothing is stored for, as the one that creates an order. An actor that
   * is not in memory is not loaded for them: they are handled on its initial state, and written if nothing is stored.
   * Where something is, or there is nothing to write, it is loaded and they are handled again before they are answered.
   * So their handlers, and interceptors around them, must do nothing outside: they may run on a state that never was.
   */
  readonly createdBy?: readonly ChangingName<M>[];
  /**
   * Runs after the state is durable and before any answer leaves, also for a redelivered message: a read
   * model that is written here is never older than an answer somebody has seen.
   */
  project?(key: string, state: DeepReadonly<S>, version: number): Promise<void>;
}

/** A contract with its implementation, as a node hosts it. */
export interface Actor<
  M extends MessageSpecs = MessageSpecs,
  S = unknown,
  E extends Effects = Effects,
  T extends object = NoTags,
> {
  readonly contract: ActorContract<M>;
  readonly definition: ActorDefinition<M, S, E, T>;
}

/** Any actor, with its parts' types forgotten; what the kernel holds. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- handlers are contravariant: nothing narrower holds them all
export type AnyActor = Actor<any, any, any, any>;

/**
 * Gives a contract its behaviour. A missing, misspelt or wrongly typed handler does not compile.
 * @throws TypeError when the state or a tag is more than JSON can carry, an effect has no `onResult`, `createdBy` names
 *   no message that changes anything, or `idleMs` is no time
 *
 * @example
 * const counter = defineActor(Counter, {
 *   state: z.object({ total: z.int() }),
 *   initial: () => ({ total: 0 }),
 *   receive: {
 *     Add(turn, { by }) {
 *       turn.set({ total: turn.state.total + by });
 *       return { total: turn.state.total };
 *     },
 *   },
 * });
 */
export function defineActor<
  M extends MessageSpecs,
  S,
  E extends Effects = Effects,
  T extends object = NoTags,
>(contract: ActorContract<M>, definition: ActorDefinition<M, S, E, T>): Actor<M, S, E, T> {
  checkSchema(`actor '${contract.type}': state`, definition.state, 'state');
  for (const [name, schema] of Object.entries<Schema>(definition.tags ?? {})) {
    const tag = `actor '${contract.type}': the tag of ${name}`;
    if (!isDeferrable(contract.messages[name]))
      throw new TypeError(`${tag}: there is no such message to answer later`);
    checkSchema(tag, schema, 'state');
  }
  const onResult: Readonly<Record<string, unknown>> = definition.onResult ?? {};
  for (const name of Object.keys(definition.effects ?? {})) {
    if (onResult[name] === undefined) {
      throw new TypeError(`actor '${contract.type}': effect '${name}' has no 'onResult' handler`);
    }
  }
  for (const name of definition.createdBy ?? []) {
    const spec: MessageSpec | undefined = contract.messages[name];
    if (spec === undefined || spec.readOnly === true) {
      throw new TypeError(
        `actor '${contract.type}': createdBy: there is no such message to change anything: ${name}`,
      );
    }
  }
  const { idleMs = Infinity } = definition;
  if (!(idleMs > 0)) throw new TypeError(`actor '${contract.type}': idleMs is ${idleMs}, not above 0`);
  return { contract, definition };
}
