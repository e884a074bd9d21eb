import type { Replies } from '../mailbox/replies.ts';
import type { Clock } from '../define/clock.ts';
import type { NodeInterceptor } from '../define/interceptor.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import type { Logger } from '../observe/logger.ts';
import type { NodeObserver } from './node-observer.ts';
import type { Deadlines } from '../flow/deadlines.ts';
import type { Limiter } from '../flow/limiter.ts';

export interface KernelLimits {
  /** Turns that run at once on this node. */
  readonly maxTurns: number;
  /** Effects that run at once on this node. */
  readonly maxEffects: number;
  /** Messages taken up together by one turn; what lets a busy actor not starve the others. */
  readonly messagesPerTurn: number;
  /** An actor that did nothing for this long leaves memory. */
  readonly idleMs: number;
  readonly effectTimeoutMs: number;
  /** After this a read-only message is given up with `deadline_exceeded`; what changes the actor waits so long for it. */
  readonly readTimeoutMs: number;
  /** A turn that takes longer is logged with its actor's key. */
  readonly slowTurnMs: number;
  /** A turn that takes longer is abandoned: its store or its mailbox hangs. The actor is activated anew. */
  readonly turnTimeoutMs: number;
  /** How long what a turn may leave to the next one stays unwritten. */
  readonly postponeMs: number;
  /** How long a store may stay away before those who wait are told. */
  readonly storePatienceMs: number;
  /** Actors in memory above which those that are idle longest leave before their time. */
  readonly maxActivations: number;
  /** How often the stores are looked through for what nothing in Redis tells of any more. */
  readonly recoverMs: number;
  /** How long something is due before it is looked for there: most of it is under way. */
  readonly recoverAfterMs: number;
  /** How often the ready set of each shard is looked through for what a lost wake-up left. */
  readonly sweepMs: number;
}

export const defaultLimits: KernelLimits = {
  maxTurns: 256,
  maxEffects: 2_048,
  messagesPerTurn: 16,
  idleMs: 60_000,
  effectTimeoutMs: 120_000,
  readTimeoutMs: 10_000,
  slowTurnMs: 1_000,
  turnTimeoutMs: 30_000,
  postponeMs: 100,
  storePatienceMs: 2_000,
  maxActivations: 100_000,
  recoverMs: 5_000,
  recoverAfterMs: 10_000,
  sweepMs: 1_000,
};

/** What all activations of a node share. */
export interface Kernel {
  readonly mailbox: Mailbox;
  readonly replies: Replies;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** What effects reach other actors by. */
  readonly refs: ActorRefs;
  /** The part of the process's memory that is in use, 0 to 1. */
  readonly memoryInUse: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly observer: NodeObserver;
  /** Of all interceptors; undefined where none has it. */
  readonly interceptHandle: NodeInterceptor['handle'];
  readonly interceptOutcome: NodeInterceptor['outcome'];
  readonly interceptRead: NodeInterceptor['read'];
  readonly interceptEffect: NodeInterceptor['effect'];
  readonly limits: KernelLimits;
  /** Each `limits.turnTimeoutMs` away. */
  readonly turnDeadlines: Deadlines;
  /** Each `limits.postponeMs` away. */
  readonly postponedWrites: Deadlines;
  readonly turnLimiter: Limiter;
  readonly effectLimiter: Limiter;
  /** One at a time. */
  readonly quarantineLimiter: Limiter;
}
