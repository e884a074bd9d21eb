import { delayFault, nameFault, timeoutFault } from '../define/bounds.ts';
import { carriedCopy, valueFault } from '../define/carried-value.ts';
import { pause, type Clock } from '../define/clock.ts';
import type { ActorContract, MessageSpecs } from '../define/contract.ts';
import { chained, type ClientInterceptor } from '../define/interceptor.ts';
import { fromWireError, isActorError, ActorError } from '../define/errors.ts';
import { createRef, type AddressedMessage, type MessageSender } from '../define/create-ref.ts';
import type { ActorRef, ActorRefs, AskOptions, SendOptions, TellOptions } from '../define/ref.ts';
import { parse } from '../define/schema.ts';
import { backOffMs } from '../flow/back-off.ts';
import { addressOf, type ActorAddress } from '../mailbox/address.ts';
import { fingerprintOf, hashOf } from '../mailbox/fingerprint.ts';
import { envelopeVersion, type Envelope, type Mailbox } from '../mailbox/mailbox.ts';
import type { Logger } from '../observe/logger.ts';
import type { AskInPassage } from './ask-in-passage.ts';
import { PendingAsk } from './pending-ask.ts';
import { PendingAsks } from './pending-asks.ts';
import type { NearActors } from '../mailbox/near-ask.ts';
import { NearMessage } from './near-message.ts';
import { LinkToAsker, LinkToNode, type LinkPort } from './node-link.ts';
import type { Inbox, Reply } from '../mailbox/replies.ts';
import type { NearAsker } from './near-replies.ts';
import { SendOrder } from './send-order.ts';
import type { ShardRegistry } from './shard-registry.ts';
import { ShardWatch } from './shard-watch.ts';
import { Withdrawals } from './withdrawals.ts';

export interface ClusterClientOptions {
  readonly mailbox: Mailbox;
  readonly inbox: Inbox;
  readonly registry: Pick<ShardRegistry, 'holder'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly shards: number;
  /** How long the shards of a dead node stay its own. */
  readonly leaseMs: number;
  /** Asks that this process may have under way. */
  readonly maxPendingAsks?: number;
  readonly defaultTimeoutMs?: number;
  readonly interceptors?: readonly ClientInterceptor[];
}

/** Long enough for a connection to come back, short enough for a caller to hear soon that it does not. */
const retry = { firstMs: 50, maxMs: 400 };
const maxRetries = 4;

/** Of a message that its caller did not name: nobody else can ask it. */
const ownIdPrefix = 'r-';
const isOwn = (id: string) => id.startsWith(ownIdPrefix);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reaches the actors of a cluster, from any process; hosts none. */
export class ClusterClient implements ActorRefs, MessageSender, NearAsker {
  readonly #options: ClusterClientOptions;
  readonly #pending = new PendingAsks();
  /** Tells this process's messages and jobs from those of any other. */
  readonly #asker: string;
  readonly #watch: ShardWatch;
  /** Of all interceptors; undefined where none has it. */
  readonly #interceptAsk: ClientInterceptor['ask'];
  readonly #interceptTell: ClientInterceptor['tell'];
  readonly #order = new SendOrder();
  /** The actors of this process, or of one that it is linked to. */
  #nearActors: NearActors | undefined;
  /** Processes that ask by way of this one, by their inboxes. */
  readonly #links = new Map<string, LinkToAsker>();
  #asked = 0;

  constructor(options: ClusterClientOptions) {
    const { interceptors = [] } = options;
    this.#options = options;
    this.#interceptAsk = chained(interceptors.map((one) => one.ask?.bind(one)));
    this.#interceptTell = chained(interceptors.map((one) => one.tell?.bind(one)));
    // Ids lie in Redis several times over for each message, so they are short.
    this.#asker = hashOf(`${options.inbox.name}/${options.newId()}`).slice(0, 16);
    const withdrawals = new Withdrawals(options, this.#pending);
    this.#watch = new ShardWatch({
      ...options,
      waiting: () => this.#pending.all(),
      onUnheld: (shard) => withdrawals.giveUp(shard),
    });
    options.inbox.onReply((reply) => this.#pending.answer(reply));
  }

  ref<M extends MessageSpecs>(contract: ActorContract<M>, key: string): ActorRef<M> {
    return createRef(this, contract, key);
  }

  /** Asks to the actors of this process need not travel from now on. */
  attach(actors: NearActors): void {
    this.#nearActors = actors;
  }

  /** Asks go to the process at the other end from now on, which hosts actors. */
  linkToNode(port: LinkPort): void {
    this.attach(new LinkToNode(port, this.#options.inbox.name, this.#pending));
  }

  /** Passes on what the process at the other end asks, until the function that it returns is called. */
  linkToAsker(port: LinkPort): () => void {
    let itsInbox = '';
    const link = new LinkToAsker(
      port,
      (ask) => this.#pass(ask),
      (inbox) => this.#links.set((itsInbox = inbox), link),
    );
    return () => void this.#links.delete(itsInbox);
  }

  hear(inbox: string, reply: Reply): boolean {
    if (inbox !== this.#options.inbox.name) return this.#hearElsewhere(inbox, reply);
    // A copy, as it would be from afar: what an actor remembers is nobody's to change.
    if (this.#pending.has(reply.id)) this.#pending.answer(copyOf(reply));
    return true;
  }

  #hearElsewhere(inbox: string, reply: Reply): boolean {
    const link = this.#links.get(inbox);
    link?.answer(reply);
    return link !== undefined;
  }

  /** Asks under way; for metrics and for a calm shutdown. */
  get pendingAsks(): number {
    return this.#pending.size;
  }

  /** Watches nothing any more. */
  close(): void {
    this.#watch.close();
  }

  ask(message: AddressedMessage, options: AskOptions): Promise<unknown> {
    return this.#interceptAsk === undefined
      ? this.#ask(message, options)
      : this.#askIntercepted(this.#interceptAsk, message, options);
  }

  async #askIntercepted(
    intercept: NonNullable<ClientInterceptor['ask']>,
    message: AddressedMessage,
    options: AskOptions,
  ): Promise<unknown> {
    return intercept({ options, ...outgoing(message) }, ({ input, options }) =>
      this.#ask({ ...message, input }, options),
    );
  }

  async tell(message: AddressedMessage, options: TellOptions): Promise<void> {
    return this.#interceptTell === undefined
      ? this.#tell(message, options)
      : this.#interceptTell({ options, ...outgoing(message) }, ({ input, options }) =>
          this.#tell({ ...message, input }, options),
        );
  }

  async #tell(message: AddressedMessage, options: TellOptions): Promise<void> {
    const to = addressOf(message.contract.type, message.key, this.#options.shards);
    const envelope = this.#envelope(message, options);
    const notBefore = this.#timeAfter(options.delayMs);
    envelope.sentAt = notBefore ?? this.#options.clock.now();
    await this.#order.far(to.id, () => this.#send(to, envelope.id, envelope, { notBefore }));
  }

  async #ask(message: AddressedMessage, options: AskOptions): Promise<unknown> {
    const { contract, key } = message;
    const { inbox, clock, shards, defaultTimeoutMs = 30_000, maxPendingAsks = 10_000 } = this.#options;
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    refuse(timeoutFault(timeoutMs));
    const envelope = this.#envelope(message, options);
    envelope.replyTo = inbox.name;
    envelope.sentAt = clock.now();
    envelope.deadline = envelope.sentAt + timeoutMs;
    const to = addressOf(contract.type, key, shards);
    const correlation = `${to.id}/${envelope.id}`;
    if (this.#pending.size >= maxPendingAsks) {
      throw new ActorError('unavailable', `${maxPendingAsks} asks are under way in this process`);
    }
    const jobId = this.#jobIdOf(envelope);
    const ask = new PendingAsk({ to, jobId, envelope, clock, timeoutMs, signal: options.signal });
    this.#pending.add(correlation, ask);
    this.#watch.wake();
    this.#pass(ask);
    try {
      const answer = await ask.answered;
      if ('error' in answer) throw fromWireError(answer.error);
      return answer.ok;
    } finally {
      this.#pending.remove(correlation, ask);
    }
  }

  /** @throws ActorError `invalid_request` */
  #timeAfter(delayMs: number | undefined): number | undefined {
    if (delayMs === undefined || delayMs === 0) return undefined;
    refuse(delayFault(delayMs));
    return Math.ceil(this.#options.clock.now() + delayMs);
  }

  #ownId(): string {
    return `${ownIdPrefix}${this.#asker}-${(++this.#asked).toString(36)}`;
  }

  /** One job for each asker of a message, so that an answer goes to every inbox that waits for it. */
  #jobIdOf({ id }: Envelope): string {
    return isOwn(id) ? id : `${id}.${this.#asker}`;
  }

  /** Directly to an actor of this process, if that takes it; else through its mailbox. */
  #pass(ask: AskInPassage): void {
    const { to, envelope } = ask;
    const actors = this.#nearActors;
    const order = this.#order;
    const send = () => this.#sendFor(ask);
    try {
      const wasTaken =
        actors !== undefined &&
        order.near(to.id, (passage) =>
          actors.take(to, () => new NearMessage(ask, isOwn(envelope.id), { order, passage, send })),
        );
      if (!wasTaken) void order.far(to.id, send).then(() => ask.onAdmitted?.());
    } catch (error) {
      ask.fail(error);
      ask.onAdmitted?.();
    }
  }

  /** Who asks hears when it cannot be sent. */
  async #sendFor(ask: AskInPassage): Promise<void> {
    try {
      await this.#send(ask.to, ask.jobId, ask.envelope, { ask });
      ask.wasSent();
    } catch (error) {
      ask.fail(error);
    }
  }

  /** A lost connection leaves unknown whether the message is queued; the same job id makes a second try safe. */
  async #send(
    to: ActorAddress,
    jobId: string,
    envelope: Envelope,
    { ask, notBefore }: { readonly ask?: AskInPassage; readonly notBefore?: number | undefined },
  ): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#options.mailbox.send(to, jobId, envelope, notBefore);
      } catch (error) {
        if (isActorError(error)) throw error;
        if (attempt === maxRetries) {
          throw new ActorError('unavailable', 'the mailboxes cannot be reached', { cause: error });
        }
        await pause(this.#options.clock, backOffMs(retry, attempt));
        if (ask?.over === true) return;
      }
    }
  }

  #envelope({ contract, key, name, input }: AddressedMessage, options: SendOptions): Mutable<Envelope> {
    const spec = contract.messages[name];
    if (spec === undefined)
      throw new ActorError('unknown_message', `${contract.type} has no message '${name}'`);
    const parsed = parse(spec.input, input);
    if (!parsed.success) {
      throw new ActorError('invalid_request', `${contract.type} ${key}: ${name}: ${parsed.reason}`);
    }
    const fault = valueFault('input', input);
    if (fault !== undefined) refuse(`${contract.type} ${key}: ${name}: ${fault}`);
    const { messageId, idempotencyKey, requestId, traceparent, tracestate } = options;
    if (messageId !== undefined) refuse(nameFault('a message id', messageId));
    if (idempotencyKey !== undefined) refuse(nameFault('an idempotency key', idempotencyKey));
    const id = messageIdOf(messageId, idempotencyKey) ?? this.#ownId();
    const envelope: Mutable<Envelope> = { v: envelopeVersion, id, name, input };
    if (idempotencyKey !== undefined) envelope.fingerprint = fingerprintOf(name, input);
    if (requestId !== undefined) envelope.requestId = requestId;
    if (traceparent !== undefined) {
      envelope.traceparent = traceparent;
      if (tracestate !== undefined) envelope.tracestate = tracestate;
    }
    return envelope;
  }
}

/** The details of an error are whatever they are; an answer was held against what JSON carries. */
function copyOf({ id, answer }: Reply): Reply {
  return 'ok' in answer
    ? { id, answer: { ok: carriedCopy(answer.ok) } }
    : { id, answer: JSON.parse(JSON.stringify(answer)) as typeof answer };
}

/** As interceptors see it. */
const outgoing = ({ contract: { type }, key, name, input }: AddressedMessage) => ({
  ...{ type, key, message: name, input },
});

/** @throws ActorError `invalid_request` when there is a fault, before anything is sent */
function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new ActorError('invalid_request', fault);
}

/** Ids that callers choose, made safe as BullMQ job ids: no ':', never digits alone, of bounded length. */
function messageIdOf(messageId: string | undefined, idempotencyKey: string | undefined): string | undefined {
  if (idempotencyKey !== undefined) return `k-${hashOf(idempotencyKey)}`;
  if (messageId === undefined) return undefined;
  return /^[\w-]{1,80}$/.test(messageId) ? `m-${messageId}` : `h-${hashOf(messageId)}`;
}
