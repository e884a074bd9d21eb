import type { SeededRandom } from './seeded-random.ts';

/** What is done to a running cluster. */
export type FaultKind =
  /** kill -9 of a node; a replacement starts. */
  | 'kill'
  /** SIGSTOP for longer than a lease, then SIGCONT: a node that does not know that it was away. */
  | 'freeze'
  /** SIGTERM: the node hands its shards over and ends. */
  | 'drain'
  /** One more node. */
  | 'join'
  /** kill -9 of Redis, and a restart on the same files without the last second of its log. */
  | 'redis'
  /** FLUSHALL: every mailbox, lease and inbox is gone. */
  | 'flush';

export interface PlannedFault {
  readonly kind: FaultKind;
  /** It is due when this part of the messages is acknowledged. */
  readonly at: number;
}

export const faultsOfEveryRun: readonly FaultKind[] = ['kill', 'freeze', 'drain', 'join', 'redis'];

/**
 * Each kind `rounds` times, in random order, each at a random point of its stretch of the load: by the messages
 * acknowledged, since a fault that comes after the last message proves nothing.
 */
export function planFaults(
  random: SeededRandom,
  rounds: number,
  kinds: readonly FaultKind[],
): PlannedFault[] {
  const all = random.shuffle(Array.from({ length: rounds }, () => kinds).flat());
  const stretch = 0.85 / all.length;
  return all.map((kind, i) => ({ kind, at: (i + 0.1 + random.next() * 0.9) * stretch }));
}
