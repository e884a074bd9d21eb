import { isDeepStrictEqual } from 'node:util';
import type {
  ActorContract,
  ActorRef,
  ActorRefs,
  AskOptions,
  MessageSpecs,
  SendOptions,
} from '@trolley/runtime';
import { createRef, parseOrThrow, type AddressedMessage, type MessageSender } from '@trolley/runtime/testing';
import { ShopError } from '../error-table.ts';

// `never`: each answer declares the input of its own message.
type Answer = (key: string, input: never, options: AskOptions) => unknown;

/** How each message of each actor type is answered; by a value, a promise, or an error thrown. */
export type Answers = Record<string, Record<string, Answer>>;

export interface Asked {
  readonly type: string;
  readonly key: string;
  readonly message: string;
  readonly input: unknown;
  readonly options: AskOptions;
}

/**
 * Actors that answer at once. As the real ones they parse what goes in and out, and answer a message under a
 * known idempotency key as they did before, or refuse it when it is another message.
 */
export class MemoryActors implements ActorRefs, MessageSender {
  readonly asked: Asked[] = [];
  readonly answers: Answers;
  readonly #before = new Map<string, { request: unknown; answer: Promise<unknown> }>();

  constructor(answers: Answers) {
    this.answers = answers;
  }

  /** Answers one message otherwise from now on. */
  answerWith(type: string, message: string, answer: Answer): void {
    this.answers[type] = { ...this.answers[type], [message]: answer };
  }

  ref<M extends MessageSpecs>(contract: ActorContract<M>, key: string): ActorRef<M> {
    return createRef(this, contract, key);
  }

  ask(sent: AddressedMessage, options: AskOptions): Promise<unknown> {
    const { contract, key, name: message, input } = sent;
    this.asked.push({ type: contract.type, key, message, input, options });
    return this.#once(sent, options, () => this.#answer(sent, options));
  }

  async tell(message: AddressedMessage, options: SendOptions): Promise<void> {
    await this.ask(message, options);
  }

  #once(
    { contract, key, name, input }: AddressedMessage,
    { idempotencyKey }: AskOptions,
    ask: () => Promise<unknown>,
  ): Promise<unknown> {
    if (idempotencyKey === undefined) return ask();
    const id = `${contract.type}/${key}/${idempotencyKey}`;
    const request = { name, input };
    const known = this.#before.get(id);
    if (known === undefined) {
      const answer = ask();
      this.#before.set(id, { request, answer });
      return answer;
    }
    if (isDeepStrictEqual(known.request, request)) return known.answer;
    return Promise.reject(new ShopError('idempotency_key_reused', 'this key names another message'));
  }

  async #answer({ contract, key, name, input }: AddressedMessage, options: AskOptions): Promise<unknown> {
    const spec = contract.messages[name];
    const answer = this.answers[contract.type]?.[name];
    if (spec === undefined || answer === undefined) throw new ShopError('unknown_message', name);
    const output = await answer(key, parseOrThrow(spec.input, input) as never, options);
    return spec.output === undefined ? undefined : parseOrThrow(spec.output, output);
  }
}
