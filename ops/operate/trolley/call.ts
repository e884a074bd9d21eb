import { UsageProblem } from '../../shop/process/start-problem.ts';

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What a verb was called with. */
export class Call {
  readonly words: readonly string[];
  readonly #flags: Readonly<Record<string, unknown>>;
  readonly #now: () => number;

  constructor(words: readonly string[], flags: Readonly<Record<string, unknown>>, now: () => number) {
    this.words = words;
    this.#flags = flags;
    this.#now = now;
  }

  text(flag: string): string | undefined {
    const value = this.#flags[flag];
    return typeof value === 'string' ? value : undefined;
  }

  is(flag: string): boolean {
    return this.#flags[flag] === true;
  }

  /** @throws UsageProblem */
  count(flag: string, max: number): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (count < 1 || count > max)
      throw new UsageProblem(`--${flag} goes with a number, 1 to ${max}, not ${text}.`);
    return count;
  }

  /** @throws UsageProblem */
  choice<C extends string>(flag: string, choices: readonly C[]): C | undefined {
    const text = this.text(flag);
    const found = choices.find((each) => each === text);
    if (text !== undefined && found === undefined)
      throw new UsageProblem(`--${flag} goes with ${choices.join(', ')}, not ${text}.`);
    return found;
  }

  /**
   * A time, in milliseconds since the epoch: `15m`, so long ago, or a date.
   * @throws UsageProblem
   */
  moment(flag: string): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
    if (count !== undefined) return this.#now() - Number(count) * units[unit as keyof typeof units];
    const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
    if (Number.isNaN(at))
      throw new UsageProblem(
        `--${flag} goes with a time such as 15m, 2h, 7d or 2026-01-31T03:00Z, not ${text}.`,
      );
    return at;
  }

  /**
   * The word at a place.
   * @param what the sentence where there is none: `Say which: an ID.`
   * @throws UsageProblem
   */
  word(place: number, what: string): string {
    const word = this.words[place];
    if (word === undefined || word === '') throw new UsageProblem(what);
    return word;
  }
}
