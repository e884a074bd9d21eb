import type { Clock } from '../define/clock.ts';
import type { AnyActor } from '../define/actor.ts';
import { ActorError, toWireError } from '../define/errors.ts';
import type { ActorContract } from '../define/contract.ts';
import type { ActorRefs, AskOptions } from '../define/ref.ts';
import { Limiter } from '../flow/limiter.ts';
import { withTimeLimit } from '../flow/time-limit.ts';
import type { ActorView } from '../kernel/actor-view.ts';
import { addressOf, type ActorAddress } from '../mailbox/address.ts';
import type { Replies } from '../mailbox/replies.ts';
import type { Logger } from '../observe/logger.ts';
import type { StoredAnswer } from '../storage/state-store.ts';
import { actorOnNode } from './actor-on-node.ts';
import type { NodeMeter } from './node-meter.ts';
import { questionVersion, type AskedQuestion, type Question } from './question.ts';

/** The actors of a node, as an operator deals with them. */
export interface InspectedActors {
  readonly hosted: readonly AnyActor[];
  inspect(address: ActorAddress): Promise<ActorView>;
  passivate(address: ActorAddress): Promise<boolean>;
}

export interface QuestionDeskOptions {
  readonly node: string;
  readonly actors: InspectedActors;
  readonly meter: Pick<NodeMeter, 'failuresOf'>;
  /** What messages by hand are sent with. */
  readonly refs: ActorRefs;
  readonly replies: Replies;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shards: number;
}

const atOnce = 16;
const maxWaiting = 200;

/** Answers operators' questions on a node. */
export class QuestionDesk {
  readonly #options: QuestionDeskOptions;
  readonly #limiter = new Limiter(atOnce);
  #open = 0;

  constructor(options: QuestionDeskOptions) {
    this.#options = options;
  }

  /** Nobody waits for it: its answer goes to the inbox of who asked. */
  take(asked: AskedQuestion): void {
    const { logger } = this.#options;
    this.#open++;
    this.#reply(asked)
      .catch((error: unknown) => logger.debug({ err: error }, 'an operator could not be answered'))
      .finally(() => this.#open--);
  }

  async #reply(asked: AskedQuestion): Promise<void> {
    const { replies, node } = this.#options;
    const tooMany = new ActorError('unavailable', `${node} has ${maxWaiting} questions to answer`);
    const answer =
      this.#open > maxWaiting
        ? { error: toWireError(tooMany) }
        : await this.#limiter.run(() => this.#answer(asked));
    if (answer !== undefined) await replies.send(asked.replyTo, { id: asked.id, answer });
  }

  /** Undefined: nobody waits for it any more. */
  async #answer({ v, deadline, question }: AskedQuestion): Promise<StoredAnswer | undefined> {
    const { clock, logger, node } = this.#options;
    const leftMs = deadline - clock.now();
    if (leftMs <= 0) return undefined;
    try {
      if (v > questionVersion)
        throw new ActorError(
          'unknown_message',
          `${node} is of an older release and does not know this question`,
        );
      return { ok: await withTimeLimit(clock, leftMs, node, this.#do(question, leftMs)) };
    } catch (error) {
      logger.debug({ err: error, kind: question.kind }, 'a question of an operator was not answered');
      return { error: toWireError(error) };
    }
  }

  async #do(question: Question, leftMs: number): Promise<unknown> {
    const { node, actors, meter, clock, shards } = this.#options;
    const address = addressOf(question.type, question.key, shards);
    switch (question.kind) {
      case 'inspect':
        return actorOnNode(node, await actors.inspect(address), meter.failuresOf(address.id), clock.now());
      case 'passivate':
        return actors.passivate(address);
      case 'send':
        return this.#send(question, leftMs);
    }
  }

  /** With the contract that this node has: whoever asks for it may know none. */
  async #send(
    { type, key, message, input, messageId, requestId, traceparent }: Question & { readonly kind: 'send' },
    timeoutMs: number,
  ): Promise<unknown> {
    const { actors, refs } = this.#options;
    const contract = actors.hosted.find((actor) => actor.contract.type === type)?.contract as
      ActorContract | undefined;
    if (contract === undefined)
      throw new ActorError('unknown_actor', `no actor type '${type}' is hosted here`);
    const spec = contract.messages[message];
    if (spec === undefined) throw new ActorError('unknown_message', `${type} has no message '${message}'`);
    const options: AskOptions = { messageId, requestId, traceparent };
    const ref = refs.ref(contract, key);
    if (spec.output !== undefined) return ref.ask(message as never, input, { ...options, timeoutMs });
    return ref.tell(message as never, input, options);
  }
}
