import type { AnyActor, ReadTurn } from '../define/actor.ts';
import { keep } from '../define/carried-value.ts';
import type { MessageSpec } from '../define/contract.ts';
import { ActorError, isActorError, toWireError } from '../define/errors.ts';
import type { HandledMessage } from '../define/interceptor.ts';
import { parse } from '../define/schema.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Ack, Delivery, Envelope } from '../mailbox/mailbox.ts';
import type { StoredAnswer } from '../storage/state-store.ts';
import { checkVersion } from './apply.ts';
import {
  aboutMessage,
  failedTry,
  failedAgain,
  isGivenUp,
  reasonOf,
  type Failure,
  type Poison,
} from './apply-turn.ts';
import { checkedAnswer, thrownBy } from './handler-defect.ts';
import type { Kernel } from './kernel.ts';
import { isNear } from './near-asks.ts';
import { postMortem } from './post-mortem.ts';
import { AbandonedError } from './stored-actor.ts';
import { refusedWith, type AddressedReply } from './turn-draft.ts';

/** What became of read-only messages. */
export interface ReadResult {
  readonly done: readonly Ack[];
  readonly replies: readonly AddressedReply[];
  /** Failed, to be tried again. */
  readonly left: readonly Delivery[];
  /** Failed for good: among `done`, with their reasons. */
  readonly dead: readonly Poison[];
}

const none: readonly Delivery[] = [];

export const nothingRead: ReadResult = { done: [], replies: [], left: [], dead: [] };

type ReadHandler = (turn: ReadTurn<unknown>, input: unknown) => unknown;

/** What a turn takes up: messages that may change something, and behind them those that only read what they made. */
export function split(actor: AnyActor, deliveries: readonly Delivery[]) {
  const specs = actor.contract.messages as Readonly<Record<string, MessageSpec | undefined>>;
  const isReadOnly = ({ envelope }: Delivery) => specs[envelope.name]?.readOnly === true;
  const first = deliveries.findIndex(isReadOnly);
  if (first < 0) return { changing: deliveries, reading: none };
  const behind = deliveries.findIndex((delivery, i) => i > first && !isReadOnly(delivery));
  return {
    changing: deliveries.slice(0, first),
    reading: deliveries.slice(first, behind < 0 ? undefined : behind),
  };
}

/** Runs the read-only messages of one actor beside each other, on its durable state. They leave no trace in it. */
export class ReadRunner {
  readonly #kernel: Kernel;
  readonly #actor: AnyActor;
  readonly #address: ActorAddress;
  /** Made with the first that takes its time: an actor in memory is to be small. */
  #running: Set<AbortController> | undefined;

  constructor(kernel: Kernel, actor: AnyActor, address: ActorAddress) {
    this.#kernel = kernel;
    this.#actor = actor;
    this.#address = address;
  }

  /**
   * `failures` holds by job id those of earlier turns.
   * @throws AbandonedError after `stopAll`
   */
  async run(
    state: unknown,
    deliveries: readonly Delivery[],
    failures: Map<string, Failure>,
  ): Promise<ReadResult> {
    const replies: AddressedReply[] = [];
    const done: Ack[] = [];
    const left: Delivery[] = [];
    const dead: Poison[] = [];
    const reply = ({ id, replyTo: inbox }: Envelope, answer: StoredAnswer) => {
      if (inbox !== undefined) replies.push({ inbox, reply: { id: `${this.#address.id}/${id}`, answer } });
    };
    const attempts = Promise.all(deliveries.map((delivery) => this.#attempt(state, delivery, failures)));
    // A read may wait for another actor of this node, whose turn needs a place.
    const isWaiting = (this.#running?.size ?? 0) > 0;
    const answers = await (isWaiting ? this.#kernel.turnLimiter.outside(attempts) : attempts);
    for (const [i, delivery] of deliveries.entries()) {
      const { jobId, envelope } = delivery;
      const answer = answers[i];
      if (answer !== undefined) {
        done.push({ jobId });
        reply(envelope, answer);
        continue;
      }
      const failure = failures.get(jobId);
      if (!isGivenUp(failure) || isNear(delivery)) {
        left.push(delivery);
        continue;
      }
      const { error, attempts } = failure;
      done.push({ jobId, failedReason: reasonOf(error), attempts, ...postMortem(error, state) });
      reply(envelope, refusedWith(toWireError(error)));
      dead.push({ delivery, error, attempts });
    }
    return { done, replies, left, dead };
  }

  /** What is being read is read again by the next owner. */
  stopAll(): void {
    for (const abort of this.#running ?? []) abort.abort(new AbandonedError());
  }

  /** The answer; undefined when the message has failed, which `failures` then tells of. */
  async #attempt(
    state: unknown,
    { jobId, envelope }: Delivery,
    failures: Map<string, Failure>,
  ): Promise<StoredAnswer | undefined> {
    if (isGivenUp(failures.get(jobId))) return undefined;
    const { logger, observer } = this.#kernel;
    const about = aboutMessage(this.#address.id, envelope);
    try {
      const answer = await this.#read(state, envelope);
      logger.debug(about, 'message handled');
      return { ok: answer };
    } catch (error) {
      if (error instanceof AbandonedError) throw error;
      if (isActorError(error)) return refusedWith(toWireError(error));
      const failure = failedAgain(failures, jobId, thrownBy(envelope.name, error));
      const { attempts } = failure;
      if (!isGivenUp(failure)) {
        const { name, id: messageId } = envelope;
        observer.tryFailed?.({ ...failedTry(this.#address, 'message', name, failure), messageId });
        logger.warn({ ...about, err: error, attempts }, 'a message failed and is tried again');
      }
      return undefined;
    }
  }

  async #read(state: unknown, envelope: Envelope): Promise<unknown> {
    const { clock, limits, interceptRead } = this.#kernel;
    const { type, key } = this.#address;
    const { name: message, id: messageId, deadline = Infinity, requestId } = envelope;
    const { traceparent, tracestate, sentAt } = envelope;
    const now = clock.now();
    const timeoutMs = Math.min(limits.readTimeoutMs, deadline - now);
    if (timeoutMs <= 0) {
      throw new ActorError('deadline_exceeded', `${message} was given up before it was handled`);
    }
    checkVersion(envelope);
    const handlers: Readonly<Record<string, unknown>> = this.#actor.definition.receive;
    const handler = handlers[message] as ReadHandler | undefined;
    const { [message]: spec } = this.#actor.contract.messages as Record<string, MessageSpec | undefined>;
    if (handler === undefined || spec === undefined) {
      throw new ActorError('unknown_message', `${type} has no message '${message}'`);
    }
    const parsed = parse(spec.input, keep('the input', envelope.input));
    if (!parsed.success) throw new ActorError('invalid_request', parsed.reason);

    const abort = new AbortController();
    const { signal } = abort;
    const handle = ({ input, requestId, traceparent, tracestate }: HandledMessage) => {
      const turn = { key, messageId, now, state, requestId, traceparent, tracestate, timeoutMs, signal };
      return handler(turn, input);
    };
    const handled = {
      type,
      key,
      message,
      messageId,
      input: parsed.data,
      requestId,
      traceparent,
      tracestate,
      sentAt,
      isReminder: false,
    };
    const result =
      interceptRead === undefined
        ? handle(handled)
        : interceptRead(handled, async (changed) => handle(changed));
    const answer = result instanceof Promise ? await this.#within(timeoutMs, message, abort, result) : result;
    return checkedAnswer(spec, answer);
  }

  /** What `reading` resolves to, unless it takes too long or the actor leaves this node. It may run on, unheard. */
  async #within(
    timeoutMs: number,
    message: string,
    abort: AbortController,
    reading: Promise<unknown>,
  ): Promise<unknown> {
    const { clock } = this.#kernel;
    const aborted = new Promise<never>((_, reject) => {
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error));
    });
    const cancel = clock.schedule(timeoutMs, () =>
      abort.abort(new ActorError('deadline_exceeded', `${message} took longer than ${timeoutMs} ms`)),
    );
    this.#running ??= new Set();
    this.#running.add(abort);
    try {
      return await Promise.race([reading, aborted]);
    } finally {
      cancel();
      this.#running.delete(abort);
    }
  }
}
