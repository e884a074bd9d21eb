import type { ActorError } from '../define/errors.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Logger } from '../observe/logger.ts';

export interface TurnReport {
  readonly actor: ActorAddress;
  /** Messages and outcomes of effects that it took up. */
  readonly messages: number;
  readonly outcomes: number;
  /** Milliseconds from its first step to its last, writing and finishing included. */
  readonly ms: number;
  /** Milliseconds that the first of its messages had waited, by the clocks of its sender and of this node. */
  readonly waitedMs?: number | undefined;
  /** Something of it is tried again: the turn itself, a message or the outcome of an effect. */
  readonly isRetried: boolean;
  /** What kept it from happening; it is tried again. */
  readonly error?: unknown;
}

/** A state as a turn found it, and as it is stored now. */
export interface StateReport {
  readonly actor: ActorAddress;
  /** As it was stored, or made where nothing was. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface EffectReport {
  readonly actor: ActorAddress;
  readonly effect: string;
  readonly ms: number;
  /** Present when it was refused or its outcome is unknown. */
  readonly error?: ActorError;
}

/** A handler that threw something else than a refusal, so that nothing of it happened. */
export interface FailedTry {
  readonly actor: ActorAddress;
  /** Of a message, or of an effect's outcome or a reminder. */
  readonly what: 'message' | 'outcome';
  /** Of the message or the effect. */
  readonly name: string;
  readonly messageId?: string;
  /** How often it has been tried. */
  readonly attempts: number;
  readonly error: unknown;
}

export interface FailedMessage {
  readonly actor: ActorAddress;
  readonly message: string;
  readonly messageId: string;
  readonly error: unknown;
}

export interface ParkedReport {
  readonly actor: ActorAddress;
  /** The message that it failed at. Absent: it failed at its state, an effect or a reminder. */
  readonly message?: string;
  readonly messageId?: string;
  readonly error: unknown;
}

/**
 * Hears what happens on a node; for metrics, traces and an eye on it. Each is called as it happens and must return
 * at once; what it throws is logged and ignored.
 */
export interface NodeObserver {
  /** An actor has come into memory. */
  activated?(actor: ActorAddress): void;
  /** An actor has left memory. */
  passivated?(actor: ActorAddress, why: 'idle' | 'memory' | 'shard left' | 'failed' | 'forced'): void;
  turnEnded?(turn: TurnReport): void;
  /** A turn has written. Not called for what a node wrote that died, or heard no answer from its store. */
  stateWritten?(state: StateReport): void;
  effectEnded?(effect: EffectReport): void;
  /** A message, or the outcome of an effect, was not handled and is tried again. */
  tryFailed?(failed: FailedTry): void;
  /** A message has failed for good and is a dead letter. */
  deadLettered?(message: FailedMessage): void;
  /** Something has failed for good, and its actor rests until it is released. */
  parked?(parked: ParkedReport): void;
  shardAcquired?(shard: number): void;
  /** `handed over`: to another node, on purpose. `lost`: the lease ran out or was taken. */
  shardLeft?(shard: number, why: 'handed over' | 'lost'): void;
}

type Report = (what: unknown, why?: unknown) => void;

/** All of them as one, and what one of their methods throws does no harm. */
export function guarded(observers: readonly NodeObserver[], logger: Logger): NodeObserver {
  const safely: Partial<Record<keyof NodeObserver, Report>> = {};
  for (const name of reports) {
    const hearing = observers.filter((observer) => observer[name] !== undefined);
    if (hearing.length === 0) continue;
    safely[name] = (what, why) => {
      for (const observer of hearing) {
        try {
          (observer[name] as Report)(what, why);
        } catch (error) {
          logger.error({ err: error, report: name }, 'an observer failed');
        }
      }
    };
  }
  return safely;
}

const reports = [
  'activated',
  'passivated',
  'turnEnded',
  'stateWritten',
  'effectEnded',
  'tryFailed',
  'deadLettered',
  'parked',
  'shardAcquired',
  'shardLeft',
] as const satisfies readonly (keyof NodeObserver)[];
