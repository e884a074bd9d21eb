import { ActorError } from '../define/errors.ts';
import type { Excerpt } from '../observe/excerpt.ts';
import type { ActorAddress } from './address.ts';

/** The newest envelope that this release reads, and the one that it writes. */
export const envelopeVersion = 1;

/** What travels to an actor. JSON; `v` grows when an old reader could no longer understand it. */
export interface Envelope {
  readonly v: number;
  /** The message id: what makes a second delivery harmless. */
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  /** When it was sent or, one for later, is due, milliseconds since the epoch; absent in what an older release sent. */
  readonly sentAt?: number;
  /** The inbox that the answer goes to; absent for a tell. */
  readonly replyTo?: string;
  /** Milliseconds since the epoch after which nobody waits for the answer. */
  readonly deadline?: number;
  /** Present when the caller gave an idempotency key: what the message was, to tell reuse from a retry. */
  readonly fingerprint?: string;
  readonly requestId?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** A message in an owner's hands. */
export interface Delivery {
  readonly jobId: string;
  readonly envelope: Envelope;
  /** How often it was taken, this time included. */
  readonly starts: number;
}

/** A message that came with a wake-up: it was taken on behalf of the lease's holder when it was sent. */
export interface InlinedMessage {
  /** The lease that it was taken under. */
  readonly token: string;
  /** The wake-up's place among the wake-ups of its shard. */
  readonly wakeId: string;
  readonly jobId: string;
  /** The envelope, as JSON. */
  readonly data: string;
}

/** Hears that an actor has got a message, and often the message itself. */
export type WakeListener = (address: ActorAddress, inlined?: InlinedMessage) => void;

/** What is kept of a failure for whoever looks into it later. */
export interface PostMortem {
  /** The error and what caused it, outermost first, each in one line. */
  readonly causes?: readonly string[];
  /** The state that the message came to. */
  readonly state?: Excerpt;
}

/** How a delivery ended. A failed one is kept as a dead letter. */
export interface Ack extends PostMortem {
  readonly jobId: string;
  readonly failedReason?: string;
  /** How often the handler of a failed one was tried. Default 0. */
  readonly attempts?: number;
}

/** Why a message got no further. */
export interface FailureNote extends PostMortem {
  readonly jobId: string;
  /** Its name. */
  readonly message: string;
  readonly reason: string;
  /** How often its handler was tried. */
  readonly attempts: number;
}

/** Why an actor gets no further: at a message, or, without one, at its state or at what it does by itself. */
export type ParkNote = FailureNote | Pick<FailureNote, 'reason' | 'attempts'>;

/** The right to a shard: what every write to its mailboxes is checked against. */
export interface ShardLease {
  readonly shard: number;
  /** `node#epoch`; another for each time the shard is acquired. */
  readonly token: string;
  /** Whether turns may still begin and be written, by this process's own monotonic clock. */
  isHeld(): boolean;
}

/** The lease has another holder: what was tried did not happen, and never will under this lease. */
export class FencedError extends Error {
  constructor(address: ActorAddress, lease: ShardLease) {
    super(`${address.id}: shard ${lease.shard} is no longer held by ${lease.token}`);
    this.name = 'FencedError';
  }
}

/** The actor is parked: its owner takes nothing from it, and lets it rest until it is released. */
export class ParkedError extends Error {
  constructor(address: ActorAddress) {
    super(`${address.id} is parked`);
    this.name = 'ParkedError';
  }
}

export const mailboxFull = (to: ActorAddress, limit: number) =>
  new ActorError('mailbox_full', `${to.type} ${to.key} has ${limit} messages waiting`);

export const isParked = (to: ActorAddress) =>
  new ActorError('unavailable', `${to.type} ${to.key} is parked: it takes no messages until it is released`);

export interface MailboxWatch {
  add(shard: number): void;
  remove(shard: number): void;
  close(): Promise<void>;
}

/** How an owner asks for the next messages of an actor. */
export interface ClaimRequest {
  /** At most this many messages. */
  readonly max: number;
  /**
   * When the actor has something to do although its mailbox is empty, milliseconds since the epoch: from then on
   * it is in the ready set. Infinity: never.
   */
  readonly wakeAt: number;
}

/**
 * What became of a message that its sender takes back. `held`: a node holds its shard, and it stays. `untouched`: it
 * is out of the mailbox, and nobody has had it. `taken`: it is out of the mailbox, but a node had it in hand and may
 * have handled it. `gone`: it was not there any more.
 */
export type Withdrawal = 'held' | 'untouched' | 'taken' | 'gone';

/** The mailboxes of all actors: one queue per actor, first in, first out. */
export interface Mailbox {
  /**
   * Adds a message. A job id that already waits is not added twice; it is now waited for as long as this envelope says.
   * One with `notBefore` (milliseconds since the epoch) takes its place in the order when that time has come.
   * @throws ActorError `mailbox_full`, `payload_too_large`; `unavailable` for an ask to a parked actor
   */
  send(to: ActorAddress, jobId: string, envelope: Envelope, notBefore?: number): Promise<void>;
  /** Takes a message back while no node holds its shard. */
  withdraw(to: ActorAddress, jobId: string): Promise<Withdrawal>;
  /**
   * For an owner that has nothing of this actor in hand: puts back what an earlier owner had, and takes the
   * oldest messages.
   * @throws FencedError, ParkedError
   */
  claim(from: ActorAddress, lease: ShardLease, request: ClaimRequest): Promise<Delivery[]>;
  /**
   * For an owner that has nothing of this actor in hand: the message that a wake-up inlined, or nothing when only
   * *claim* can tell whether it is still to be handled. To be asked when the message is about to be handled.
   */
  accept(inlined: InlinedMessage, from: ActorAddress, lease: ShardLease): Delivery | undefined;
  /**
   * Ends messages in hand and takes the next, in one step. It takes nothing while a message that its owner has
   * not accepted yet is on the way in a wake-up: that one comes first.
   * @throws FencedError
   */
  ack(of: ActorAddress, lease: ShardLease, done: readonly Ack[], request: ClaimRequest): Promise<Delivery[]>;
  /**
   * For an owner that has nothing of this actor in hand: whether there is nothing in its mailbox, nor for later, so that
   * all that was acknowledged so far has been handled.
   * @throws FencedError
   */
  isEmpty(of: ActorAddress, lease: ShardLease): Promise<boolean>;
  /**
   * Puts back all that is in hand, in order, and takes nothing more from this actor until it is released: nor is it
   * woken by the time that it named. What is told to it waits, what is asked is refused.
   * @throws FencedError
   */
  park(of: ActorAddress, lease: ShardLease, why: ParkNote): Promise<void>;
  /**
   * Notes that a message in hand is about to be handled. Returns how often that was noted, this time included,
   * without a `noteReturn`: so often has its handler taken a node down with it.
   * @throws FencedError
   */
  noteStart(of: ActorAddress, lease: ShardLease, jobId: string): Promise<number>;
  /** Takes the notes of `noteStart` back: the handler has returned. */
  noteReturn(of: ActorAddress, jobId: string): Promise<void>;
  /** Actors of a shard that have something to do by now: the truth behind the hints of `watch`. */
  ready(shard: number): Promise<ActorAddress[]>;
  /** Hints, for the shards that are added, that an idle actor has got a message. May lose or repeat some. */
  watch(onWake: WakeListener): MailboxWatch;
}
