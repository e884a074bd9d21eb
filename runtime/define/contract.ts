import { checkSchema } from './carried-schema.ts';
import { isRuntimeCode, type ErrorDetails } from './errors.ts';
import { methodOf } from './message-method.ts';
import type { Schema, SchemaInput, SchemaOutput } from './schema.ts';

/** One message of a contract: what goes in, and what comes out if it can be asked. */
export interface MessageSpec {
  readonly input: Schema;
  /** Without it the message can be told, not asked. */
  readonly output?: Schema;
  /**
   * Its handler changes nothing, and may be asynchronous. Such messages run beside each other, never beside one that
   * may change something, and see what is durable. Only for a message that can be asked.
   */
  readonly readOnly?: boolean;
}

export type MessageSpecs = Readonly<Record<string, MessageSpec>>;

/** By its code, snake_case, what each refusal tells besides its sentence; `null`: nothing. */
export type RefusalSpecs = Readonly<Record<string, Schema<ErrorDetails> | null>>;

// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- no code at all, where a record would have every one
export type NoRefusals = {};

/**
 * What callers need to know of an actor type. It names no implementation, so a caller that imports a
 * contract imports no server code.
 */
export interface ActorContract<M extends MessageSpecs = MessageSpecs, R extends RefusalSpecs = RefusalSpecs> {
  /** The actor type, kebab-case. It is part of queue names and stored keys: never rename it. */
  readonly type: string;
  /** What a key looks like; a key is always a string. */
  readonly key: Schema<string>;
  /** What its handlers refuse by rules of their own. */
  readonly refusals: R;
  readonly messages: M;
}

/**
 * Declares an actor type.
 * @throws TypeError when a message takes or answers what JSON cannot carry, as a Date, or is read-only without an
 *   output; when two messages have the same method, or a refusal has a code that the runtime uses
 *
 * @example
 * const Counter = defineContract({
 *   type: 'counter',
 *   key: z.string().min(1),
 *   refusals: { too_much: z.object({ limit: z.int() }), closed: null },
 *   messages: { Add: { input: z.object({ by: z.int() }), output: z.object({ total: z.int() }) } },
 * });
 */
export function defineContract<
  const M extends MessageSpecs,
  const R extends RefusalSpecs = NoRefusals,
>(contract: {
  readonly type: string;
  readonly key: Schema<string>;
  readonly refusals?: R;
  readonly messages: M;
}): ActorContract<M, R> {
  if (!isActorType(contract.type)) {
    throw new TypeError(`an actor type is kebab-case, not '${contract.type}'`);
  }
  const methods = new Map<string, string>();
  for (const [name, { input, output, readOnly }] of Object.entries<MessageSpec>(contract.messages)) {
    const message = `actor '${contract.type}': ${name}:`;
    const method = methodOf(name) ?? name;
    const other = methods.get(method);
    if (other !== undefined) throw new TypeError(`${message} its method is called as that of ${other}`);
    methods.set(method, name);
    if (readOnly === true && output === undefined)
      throw new TypeError(`${message} it is read-only, and nobody hears what it reads`);
    checkSchema(`${message} input`, input, 'input');
    if (output !== undefined) checkSchema(`${message} output`, output, 'answer');
  }
  const { refusals = {} as R } = contract;
  checkRefusals(contract.type, refusals);
  return { ...contract, refusals };
}

function checkRefusals(type: string, refusals: RefusalSpecs): void {
  for (const [code, details] of Object.entries(refusals)) {
    const what = `actor '${type}': the refusal '${code}'`;
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(code)) throw new TypeError(`${what} is not snake_case`);
    if (isRuntimeCode(code)) throw new TypeError(`${what} has a code of the runtime`);
    if (details !== null) checkSchema(what, details, 'answer');
  }
}

/** Whether a name can be that of an actor type. */
export function isActorType(name: string): boolean {
  return /^[a-z][a-z0-9-]*$/.test(name);
}

export type MessageName<M extends MessageSpecs> = keyof M & string;

/** Names of the messages that have an output. */
export type AskableName<M extends MessageSpecs> = {
  [N in keyof M & string]: M[N] extends { output: Schema } ? N : never;
}[keyof M & string];

/** Names of the messages that change nothing. */
export type ReadOnlyName<M extends MessageSpecs> = {
  [N in keyof M & string]: M[N] extends { readOnly: true } ? N : never;
}[keyof M & string];

/** Names of the messages that may change something. */
export type ChangingName<M extends MessageSpecs> = Exclude<MessageName<M>, ReadOnlyName<M>>;

/** What a caller gives. */
export type InputOf<M extends MessageSpecs, N extends keyof M> = SchemaInput<M[N]['input']>;
/** What a handler gets: parsed, defaults filled in. */
export type ParsedInputOf<M extends MessageSpecs, N extends keyof M> = SchemaOutput<M[N]['input']>;
/** What an ask resolves to; nothing for a message without output. */
export type OutputOf<M extends MessageSpecs, N extends keyof M> = M[N] extends {
  output: infer O extends Schema;
}
  ? SchemaOutput<O>
  : // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- what a handler that answers nothing returns
    void;
