import type { Clock } from '../../define/clock.ts';
import type { PartitionPosition } from './kafka-topics.ts';

/**
 * Tells until when what was appended has been consumed, in milliseconds since the epoch. It takes down where the
 * partitions end at one look; once the group has come there, everything that had been appended by then is consumed.
 */
export function consumptionOf(
  positions: () => Promise<readonly PartitionPosition[]>,
  clock: Clock,
): () => Promise<number> {
  let consumedUntil = 0;
  let mark: { readonly at: number; readonly ends: ReadonlyMap<number, bigint> } | undefined;
  return async () => {
    const at = clock.now();
    const found = await positions();
    const isPassed = found.every(
      ({ partition, end, next }) => next === end || next >= (mark?.ends.get(partition) ?? end),
    );
    if (mark === undefined || isPassed) {
      if (mark !== undefined) consumedUntil = mark.at;
      mark = { at, ends: new Map(found.map(({ partition, end }) => [partition, end])) };
    }
    return consumedUntil;
  };
}
