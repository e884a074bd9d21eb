import { median } from './statistics.ts';

/** What was measured, under its name, once for each round of a run. */
export class Figures {
  readonly #rounds = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.#rounds.get(name);
    if (values === undefined) this.#rounds.set(name, [value]);
    else values.push(value);
  }

  get names(): string[] {
    return [...this.#rounds.keys()];
  }

  rounds(name: string): readonly number[] {
    return this.#rounds.get(name) ?? [];
  }

  /** NaN: not measured. */
  median(name: string): number {
    return median(this.rounds(name));
  }

  /** The median of the rounds' ratios: each round's two figures were measured one soon after the other. */
  ratio(name: string, toName: string): number {
    const to = this.rounds(toName);
    return median(this.rounds(name).map((value, round) => value / (to[round] ?? NaN)));
  }

  toJSON(): Readonly<Record<string, readonly number[]>> {
    return Object.fromEntries(this.#rounds);
  }
}
