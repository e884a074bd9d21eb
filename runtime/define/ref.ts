import type { CallContext } from './call-context.ts';
import type { ActorContract, AskableName, InputOf, MessageName, MessageSpecs, OutputOf } from './contract.ts';
import type { MethodOf } from './message-method.ts';

export interface SendOptions extends Pick<CallContext, 'requestId' | 'traceparent' | 'tracestate'> {
  /** Names the message: sent again with the same id, it is applied once and gets the first answer. */
  readonly messageId?: string | undefined;
  /**
   * As `messageId`, but remembered for a day instead of the last turns; the caller's own key. With another message or
   * input, in whatever order its keys are, it is refused: `idempotency_key_reused`.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface TellOptions extends SendOptions {
  /**
   * Milliseconds, at most a year, after which the message takes its place in the mailbox. Redis keeps it till then;
   * what must survive its loss is a reminder.
   */
  readonly delayMs?: number;
}

/** `timeoutMs` is 1 to a year. Once the time is over, the message may still be applied. */
export interface AskOptions extends SendOptions, CallContext {}

/** What a method of a message is called with. An input that may be empty may be left out. */
export type MessageArguments<Input, Options> =
  Record<string, never> extends Input
    ? [input?: Input, options?: Options]
    : [input: Input, options?: Options];

/**
 * Each message as a method: one with an output is asked, one without is told. `cart.addItem(line)` is
 * `cart.ask('AddItem', line)`.
 */
export type MessageMethods<M extends MessageSpecs> = {
  readonly [N in MessageName<M> as MethodOf<N>]: N extends AskableName<M>
    ? (...given: MessageArguments<InputOf<M, N>, AskOptions>) => Promise<OutputOf<M, N>>
    : (...given: MessageArguments<InputOf<M, N>, TellOptions>) => Promise<void>;
};

/** One actor, as a caller sees it: with a method for each message, and each message by its name. */
export type ActorRef<M extends MessageSpecs> = NamedMessages<M> & MessageMethods<M>;

export interface NamedMessages<M extends MessageSpecs> {
  readonly key: string;
  /**
   * Sends and waits for the answer. `invalid_request` comes before anything is sent: the input is not the message's,
   * or not JSON; a time or a key is none.
   * @throws ActorError a refusal of the actor, `mailbox_full`, `unavailable`, or `deadline_exceeded`
   */
  ask<N extends AskableName<M>>(name: N, input: InputOf<M, N>, options?: AskOptions): Promise<OutputOf<M, N>>;
  /**
   * Resolves when the message is in the mailbox.
   * @throws ActorError `mailbox_full`, `payload_too_large`, `unavailable`
   */
  tell<N extends MessageName<M>>(name: N, input: InputOf<M, N>, options?: TellOptions): Promise<void>;
}

/** Where refs come from: a cluster client, or a test cluster. */
export interface ActorRefs {
  ref<M extends MessageSpecs>(contract: ActorContract<M>, key: string): ActorRef<M>;
}
