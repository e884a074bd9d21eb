import type { Clock } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import { reasonOf } from '@trolley/runtime/observe';

/** Something that does not go on by itself: what is stuck, why, and what may be done. */
export interface Trouble {
  /** `12 dead letters` */
  readonly what: string;
  readonly why: string;
  /** Of the oldest, milliseconds since the epoch. */
  readonly since?: number;
  /** What an operator may do, in a few words. */
  readonly may: string;
  /** The page on which it is done: `/dead-letters?q=cart`. */
  readonly page: string;
}

/** A part of the system that can tell what is stuck in it. */
export interface TroubleSource {
  /** `dead letters` */
  readonly name: string;
  /** The worst first, ten at most. */
  look(): Promise<readonly Trouble[]>;
}

const lookLimitMs = 3_000;

/** What is stuck anywhere. A part that can't be looked at is a trouble itself. */
export async function lookForTroubles(
  sources: readonly TroubleSource[],
  clock: Clock,
): Promise<readonly Trouble[]> {
  const looks = sources.map(async (source) => {
    const { name } = source;
    try {
      return await withTimeLimit(clock, lookLimitMs, name, source.look());
    } catch (error) {
      return [
        {
          what: `${name}: nobody knows`,
          why: reasonOf(error),
          may: 'see to what does not answer',
          page: '/',
        },
      ];
    }
  });
  return (await Promise.all(looks)).flat();
}
