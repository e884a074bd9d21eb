import { isDeepStrictEqual } from 'node:util';
import type {
  ActorContract,
  ActorRef,
  ActorRefs,
  AskOptions,
  MessageSpecs,
  SendOptions,
} from '@trolley/runtime';
import { ShopError } from '../../actors/errors.contract.ts';

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
export class MemoryActors implements ActorRefs {
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
    contract.key.parse(key);
    const ask = (message: string, input: unknown, options: AskOptions = {}): Promise<never> => {
      this.asked.push({ type: contract.type, key, message, input, options });
      const asked = () => this.#answer(contract, key, message, input, options);
      return this.#once(`${contract.type}/${key}`, message, input, options, asked) as Promise<never>;
    };
    const tell = async (message: string, input: unknown, options?: SendOptions): Promise<void> => {
      await ask(message, input, options);
    };
    return { key, ask, tell };
  }

  #once(actor: string, message: string, input: unknown, options: AskOptions, ask: () => Promise<unknown>) {
    const { idempotencyKey } = options;
    if (idempotencyKey === undefined) return ask();
    const id = `${actor}/${idempotencyKey}`;
    const request = { message, input };
    const known = this.#before.get(id);
    if (known === undefined) {
      const answer = ask();
      this.#before.set(id, { request, answer });
      return answer;
    }
    if (isDeepStrictEqual(known.request, request)) return known.answer;
    return Promise.reject(new ShopError('idempotency_key_reused', 'this key names another message'));
  }

  async #answer(contract: ActorContract, key: string, message: string, input: unknown, options: AskOptions) {
    const spec = contract.messages[message];
    const answer = this.answers[contract.type]?.[message];
    if (spec === undefined || answer === undefined) throw new ShopError('unknown_message', message);
    const output = await answer(key, spec.input.parse(input) as never, options);
    return spec.output === undefined ? undefined : spec.output.parse(output);
  }
}
