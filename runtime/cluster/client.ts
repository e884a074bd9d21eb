import { createHash } from 'node:crypto';
import { z } from 'zod';
import { pause, type Clock } from '../define/clock.ts';
import type { ActorContract, MessageSpecs } from '../define/contract.ts';
import { fromWireError, isTrolleyError, TrolleyError } from '../define/errors.ts';
import type { ActorRef, ActorRefs, AskOptions, SendOptions } from '../define/ref.ts';
import { addressOf } from '../mailbox/address.ts';
import { envelopeVersion, type Envelope, type Mailbox } from '../mailbox/mailbox.ts';
import type { StoredAnswer } from '../storage/state-store.ts';
import type { Inbox } from './replies.ts';

export interface ClusterClientOptions {
  readonly mailbox: Mailbox;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly shards: number;
  /** Asks that this process may have under way. */
  readonly maxPendingAsks?: number;
  readonly defaultTimeoutMs?: number;
}

interface PendingAsk {
  readonly answered: Promise<StoredAnswer>;
  resolve(answer: StoredAnswer): void;
  /** Callers that share it: the same message id asked again while the first waits. */
  callers: number;
}

const retryDelaysMs = [50, 100, 200, 400, 800, 1_600];

/** Reaches the actors of a cluster, from any process; hosts none. */
export class ClusterClient implements ActorRefs {
  readonly #options: ClusterClientOptions;
  readonly #pending = new Map<string, PendingAsk>();

  constructor(options: ClusterClientOptions) {
    this.#options = options;
    options.inbox.onReply(({ id, answer }) => this.#pending.get(id)?.resolve(answer));
  }

  ref<M extends MessageSpecs>(contract: ActorContract<M>, key: string): ActorRef<M> {
    const parsed = contract.key.safeParse(key);
    if (!parsed.success) {
      throw new TrolleyError(
        'invalid_request',
        `'${key}' is no key of ${contract.type}: ${z.prettifyError(parsed.error)}`,
      );
    }
    return {
      key,
      ask: async (name, input, options = {}) => {
        const answer = await this.#ask(contract, key, name, input, options);
        if ('error' in answer) throw fromWireError(answer.error);
        return answer.ok as never;
      },
      tell: async (name, input, options = {}) => {
        const to = addressOf(contract.type, key, this.#options.shards);
        const envelope = this.#envelope(contract, key, name, input, options);
        await this.#send(() => this.#options.mailbox.send(to, envelope.id, envelope), undefined);
      },
    };
  }

  /** Asks under way; for metrics and for a calm shutdown. */
  get pendingAsks(): number {
    return this.#pending.size;
  }

  async #ask(
    contract: ActorContract,
    key: string,
    name: string,
    input: unknown,
    options: AskOptions,
  ): Promise<StoredAnswer> {
    const {
      mailbox,
      inbox,
      clock,
      shards,
      defaultTimeoutMs = 30_000,
      maxPendingAsks = 10_000,
    } = this.#options;
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const envelope: Envelope = {
      ...this.#envelope(contract, key, name, input, options),
      replyTo: inbox.name,
      deadline: clock.now() + timeoutMs,
    };
    const to = addressOf(contract.type, key, shards);
    const correlation = `${to.id}/${envelope.id}`;
    if (this.#pending.size >= maxPendingAsks) {
      throw new TrolleyError('unavailable', `${maxPendingAsks} asks are under way in this process`);
    }
    const ask = this.#join(correlation);
    // One job for each asker of a message: an answer then goes to every inbox that waits for it.
    const jobId = `${envelope.id}.${fingerprintOf(inbox.name)}`;
    const limit = this.#limit(name, contract.type, key, timeoutMs, options.signal);
    try {
      await Promise.race([this.#send(() => mailbox.send(to, jobId, envelope), limit.signal), limit.expired]);
      return await Promise.race([ask.answered, limit.expired]);
    } finally {
      limit.clear();
      if (--ask.callers === 0) this.#pending.delete(correlation);
    }
  }

  /** A lost connection leaves unknown whether the message is queued; the same job id makes a second try safe. */
  async #send(send: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    for (const delayMs of [...retryDelaysMs, undefined]) {
      try {
        return await send();
      } catch (error) {
        if (isTrolleyError(error)) throw error;
        if (delayMs === undefined || signal?.aborted === true) {
          throw new TrolleyError('unavailable', 'the mailboxes cannot be reached', { cause: error });
        }
        await pause(this.#options.clock, delayMs, signal);
      }
    }
  }

  #join(correlation: string): PendingAsk {
    let ask = this.#pending.get(correlation);
    if (ask === undefined) {
      let resolve: PendingAsk['resolve'] = () => undefined;
      const answered = new Promise<StoredAnswer>((settle) => (resolve = settle));
      ask = { answered, resolve, callers: 0 };
      this.#pending.set(correlation, ask);
    }
    ask.callers++;
    return ask;
  }

  #limit(name: string, type: string, key: string, timeoutMs: number, outer: AbortSignal | undefined) {
    const over = new AbortController();
    let cancel: () => void = () => undefined;
    let abort: () => void = () => undefined;
    const expired = new Promise<never>((_, reject) => {
      const end = (sentence: string) => {
        over.abort();
        reject(
          new TrolleyError(
            'deadline_exceeded',
            `${type} ${key}: ${name} ${sentence}; its outcome is unknown`,
          ),
        );
      };
      cancel = this.#options.clock.schedule(timeoutMs, () => end(`was not answered within ${timeoutMs} ms`));
      abort = () => end('was given up by its caller');
      if (outer?.aborted === true) abort();
      outer?.addEventListener('abort', abort, { once: true });
    });
    expired.catch(() => undefined);
    const clear = () => {
      cancel();
      outer?.removeEventListener('abort', abort);
    };
    return { expired, signal: over.signal, clear };
  }

  #envelope(
    contract: ActorContract,
    key: string,
    name: string,
    input: unknown,
    options: SendOptions,
  ): Envelope {
    const spec = contract.messages[name];
    if (spec === undefined)
      throw new TrolleyError('unknown_message', `${contract.type} has no message '${name}'`);
    const parsed = spec.input.safeParse(input);
    if (!parsed.success) {
      const reason = z.prettifyError(parsed.error);
      throw new TrolleyError('invalid_request', `${contract.type} ${key}: ${name}: ${reason}`);
    }
    const { messageId, idempotencyKey, requestId, traceparent } = options;
    return {
      v: envelopeVersion,
      id: messageIdOf(messageId, idempotencyKey) ?? `r-${this.#options.newId()}`,
      name,
      input,
      ...(idempotencyKey === undefined
        ? {}
        : { fingerprint: `${name}:${fingerprintOf(JSON.stringify(input))}` }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }
}

/** Ids that callers choose, made safe as BullMQ job ids: no ':', never digits alone, of bounded length. */
function messageIdOf(messageId: string | undefined, idempotencyKey: string | undefined): string | undefined {
  if (idempotencyKey !== undefined) return `k-${fingerprintOf(idempotencyKey)}`;
  if (messageId === undefined) return undefined;
  return /^[\w-]{1,80}$/.test(messageId) ? `m-${messageId}` : `h-${fingerprintOf(messageId)}`;
}

function fingerprintOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
