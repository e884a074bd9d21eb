import type { Clock } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import { reasonOf } from '@trolley/runtime/observe';
import type { SagaLook, SagaMove, SagaSource } from './saga-source.ts';

/** What a page is told. `perSecond` of the last minute. */
export interface SagaTold {
  readonly running: SagaLook['running'];
  readonly flows: readonly (Omit<SagaMove, 'at'> & { readonly perSecond: number })[];
  /** Moves of each kind since `since`, milliseconds since the epoch. */
  readonly moved: readonly (Omit<SagaMove, 'at'> & { readonly count: number })[];
  readonly since: number;
  readonly isCut: boolean;
  /** Sagas that are not counted here, since what is stored of them cannot be read. */
  readonly unreadable?: number;
  /** Why this is not newer. */
  readonly problem?: string;
}

const windowMs = 60_000;
const lookLimitMs = 10_000;
const longestMs = 30_000;

/**
 * Looks at a source again and again for as long as anybody watches, however many they are: each is told the newest when
 * it has taken the last. A look that takes long makes the next one wait longer.
 */
export class SagaWatch {
  readonly #source: SagaSource;
  readonly #clock: Clock;
  readonly #everyMs: number;
  #watchers = 0;
  #isLooking = false;
  #told: SagaTold | undefined;
  #next = new Signal();

  constructor({ source, clock, everyMs = 2_000 }: { source: SagaSource; clock: Clock; everyMs?: number }) {
    this.#source = source;
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<SagaTold> {
    const gone = new Signal();
    const leave = () => gone.give();
    signal.addEventListener('abort', leave, { once: true });
    this.#watchers += 1;
    if (!this.#isLooking) void this.#look();
    try {
      let last: SagaTold | undefined;
      while (!signal.aborted) {
        if (this.#told === last) await Promise.race([this.#next.promise, gone.promise]);
        else if (this.#told !== undefined) yield (last = this.#told);
      }
    } finally {
      signal.removeEventListener('abort', leave);
      this.#watchers -= 1;
    }
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    this.#told = undefined;
    const look = this.#source.looker();
    const since = this.#clock.now() - windowMs;
    const flows = new MoveCounts();
    let failures = 0;
    let told: SagaTold = { running: [], flows: [], moved: [], since, isCut: false };
    while (this.#watchers > 0) {
      const begun = this.#clock.monotonic();
      try {
        const { moves, ...counts } = await withTimeLimit(this.#clock, lookLimitMs, 'sagas', look());
        flows.add(moves);
        told = { ...counts, ...flows.told(this.#clock.now() - windowMs), since };
        this.#tell(told);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#tell({ ...told, problem: reasonOf(error) });
      }
      const tookMs = this.#clock.monotonic() - begun;
      const waitMs = Math.min(longestMs, Math.max(this.#everyMs * 2 ** failures, 10 * tookMs));
      await new Promise<void>((resolve) => this.#clock.schedule(waitMs, resolve));
    }
    this.#isLooking = false;
  }

  #tell(told: SagaTold): void {
    this.#told = told;
    const next = this.#next;
    this.#next = new Signal();
    next.give();
  }
}

/** Given once, to all who wait for it. */
class Signal {
  give: () => void = () => undefined;
  readonly promise = new Promise<void>((resolve) => {
    this.give = resolve;
  });
}

/** Moves by kind: of each second of the last minute, and of all the time. */
class MoveCounts {
  readonly #kinds = new Map<string, Omit<SagaMove, 'at'>>();
  readonly #counts = new Map<string, number>();
  readonly #bySecond = new Map<number, Map<string, number>>();

  add(moves: readonly SagaMove[]): void {
    for (const { at, ...kind } of moves) {
      const name = JSON.stringify(kind);
      this.#kinds.set(name, kind);
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      const second = Math.floor(at / 1_000);
      const counts = this.#bySecond.get(second) ?? new Map<string, number>();
      this.#bySecond.set(second, counts.set(name, (counts.get(name) ?? 0) + 1));
    }
  }

  told(after: number): Pick<SagaTold, 'flows' | 'moved'> {
    const recent = new Map<string, number>();
    for (const [second, counts] of this.#bySecond) {
      if (second < after / 1_000) this.#bySecond.delete(second);
      else for (const [name, count] of counts) recent.set(name, (recent.get(name) ?? 0) + count);
    }
    const kinds = [...this.#kinds];
    const perSecond = (name: string) => ((recent.get(name) ?? 0) * 1_000) / windowMs;
    return {
      flows: kinds
        .map(([name, kind]) => ({ ...kind, perSecond: perSecond(name) }))
        .filter((flow) => flow.perSecond > 0),
      moved: kinds.map(([name, kind]) => ({ ...kind, count: this.#counts.get(name) ?? 0 })),
    };
  }
}
