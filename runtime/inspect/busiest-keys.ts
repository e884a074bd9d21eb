/** Half of what was counted is forgotten after this time, so that what is told is of late. */
const halfLifeMs = 5_000;
/** Counted in memory, at most; half of them may be counted too low by this part of all that was counted. */
const maxCounted = 512;
/** So little is left of a count that it is forgotten. */
const forgotten = 0.05;

export interface BusyEntry {
  readonly name: string;
  readonly perSecond: number;
}

/**
 * The names that were counted most of late, in bounded memory whatever the number of names (the algorithm of Misra and
 * Gries in the form of Anderson and others: when there is no room, the median is taken from every count).
 *
 * With as many names as there are places, counts are exact. With more, none is too high, none is too low by more than
 * `2 / maxCounted` of all that was counted, and whoever has more than that is among them.
 */
export class BusiestKeys {
  readonly #counts = new Map<string, number>();
  readonly #max: number;
  #decayedAt: number;

  constructor(now: number, max = maxCounted) {
    this.#max = max;
    this.#decayedAt = now;
  }

  /** Names that are counted now. */
  get size(): number {
    return this.#counts.size;
  }

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    if (this.#counts.size > this.#max) this.#makeRoom();
  }

  /** How much was counted of a name and is not forgotten. */
  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** The `limit` busiest since the beginning, those counted lately most; `now` is monotonic, in milliseconds. */
  take(now: number, limit: number): readonly BusyEntry[] {
    const elapsedMs = now - this.#decayedAt;
    if (elapsedMs <= 0) return [];
    this.#decayedAt = now;
    const kept = 0.5 ** (elapsedMs / halfLifeMs);
    // Counted evenly, a name's count comes to its rate over (1 - kept); so this much of it is one second's.
    const perSecond = ((1 - kept) * 1_000) / elapsedMs;
    const busiest = [...this.#counts]
      .sort(([, one], [, other]) => other - one)
      .slice(0, limit)
      .map(([name, count]) => ({ name, perSecond: count * perSecond }));
    for (const [name, count] of this.#counts) {
      if (count * kept < forgotten) this.#counts.delete(name);
      else this.#counts.set(name, count * kept);
    }
    return busiest;
  }

  #makeRoom(): void {
    const sorted = [...this.#counts.values()].sort((one, other) => one - other);
    const median = sorted[sorted.length >> 1] ?? 0;
    for (const [name, count] of this.#counts) {
      if (count <= median) this.#counts.delete(name);
      else this.#counts.set(name, count - median);
    }
  }
}
