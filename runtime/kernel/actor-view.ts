import type { ActorAddress } from '../mailbox/address.ts';
import type { StoredActor } from '../storage/state-store.ts';
import type { Failure } from './apply-turn.ts';
import type { Kernel } from './kernel.ts';
import type { HostedActor } from './stored-actor.ts';
import { checkVersion, recordOf } from './stored-record.ts';

/** An actor while it is in its node's memory. */
export interface ActivationView {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds since its last turn; 0 while anything is under way or due soon. */
  readonly idleMs: number;
  /** Turns that failed since one went well. */
  readonly failedTurns: number;
}

/** One actor as its node sees it. */
export interface ActorView {
  /** Undefined: it is not in memory. */
  readonly activation: ActivationView | undefined;
  /** What is known of it, or else what its store has; version 0: nothing is stored, and this is what it begins with. */
  readonly stored: StoredActor | undefined;
  /** More is known than what is stored. */
  readonly isUnwritten: boolean;
  /** Why this version makes no state of what is stored, or the store cannot be read. */
  readonly problem: unknown;
  /** Failed tries of its effects' outcomes, by the run of the effect. */
  readonly outcomes: ReadonlyMap<string, Failure>;
}

/** What the store has, as it lies there, and whether this version could go on with it. The actor is not activated. */
export async function viewOfStored(
  { clock }: Pick<Kernel, 'clock'>,
  { actor, store }: HostedActor,
  { key }: ActorAddress,
): Promise<Pick<ActorView, 'stored' | 'problem'>> {
  let stored: StoredActor | undefined;
  try {
    stored = await store.load(key);
    if (stored !== undefined) checkVersion(actor, key, stored.record);
    // What it freezes is what is returned, which nobody changes.
    const record = recordOf(actor, key, clock.now(), stored?.record);
    return { stored: stored ?? { record, version: 0 }, problem: undefined };
  } catch (problem) {
    return { stored, problem };
  }
}
