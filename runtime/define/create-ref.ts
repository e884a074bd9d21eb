import { nameFault } from './bounds.ts';
import type { ActorContract, MessageSpecs } from './contract.ts';
import { ActorError } from './errors.ts';
import { methodOf } from './message-method.ts';
import { parse } from './schema.ts';
import type { ActorRef, AskOptions, TellOptions } from './ref.ts';

export interface AddressedMessage {
  readonly contract: ActorContract;
  readonly key: string;
  readonly name: string;
  readonly input: unknown;
}

/** What refs give their messages to: a client, or what stands for one in a test. */
export interface MessageSender {
  ask(message: AddressedMessage, options: AskOptions): Promise<unknown>;
  tell(message: AddressedMessage, options: TellOptions): Promise<void>;
}

class Ref {
  readonly key: string;
  readonly #sender: MessageSender;
  readonly #contract: ActorContract;

  constructor(sender: MessageSender, contract: ActorContract, key: string) {
    this.key = key;
    this.#sender = sender;
    this.#contract = contract;
  }

  ask(name: string, input: unknown, options: AskOptions = {}): Promise<unknown> {
    return this.#sender.ask({ contract: this.#contract, key: this.key, name, input }, options);
  }

  tell(name: string, input: unknown, options: TellOptions = {}): Promise<void> {
    return this.#sender.tell({ contract: this.#contract, key: this.key, name, input }, options);
  }
}

/** Refs are made for each request, their methods once for each contract. */
const classes = new WeakMap<ActorContract, typeof Ref>();

function classOf(contract: ActorContract): typeof Ref {
  const known = classes.get(contract);
  if (known !== undefined) return known;
  const made = class extends Ref {};
  for (const [name, { output }] of Object.entries(contract.messages)) {
    const method = methodOf(name);
    if (method === undefined) continue;
    const send = output === undefined ? 'tell' : 'ask';
    Object.defineProperty(made.prototype, method, {
      value: function (this: Ref, ...given: [input?: unknown, options?: AskOptions & TellOptions]) {
        const [input, options] = given;
        return this[send](name, given.length === 0 ? {} : input, options);
      },
    });
  }
  classes.set(contract, made);
  return made;
}

/** What is wrong with a key; undefined: nothing. */
function keyFault({ key: schema, type }: ActorContract, key: string): string | undefined {
  const parsed = parse(schema, key);
  return parsed.success
    ? nameFault(`the key of ${type}`, key)
    : `'${key}' is no key of ${type}: ${parsed.reason}`;
}

/** Whether the contract allows the key. */
export function isKeyOf(contract: ActorContract, key: string): boolean {
  return keyFault(contract, key) === undefined;
}

/** @throws ActorError `invalid_request` when the contract does not allow the key */
export function createRef<M extends MessageSpecs>(
  sender: MessageSender,
  contract: ActorContract<M>,
  key: string,
): ActorRef<M> {
  const fault = keyFault(contract, key);
  if (fault !== undefined) throw new ActorError('invalid_request', fault);
  return new (classOf(contract))(sender, contract, key) as unknown as ActorRef<M>;
}
