import { expect } from 'chai';
import { codeOf, type StateStore } from '@trolley/runtime';

/** What a writer was told of the write that made a version. */
interface Told {
  readonly entry: string;
  readonly version: number;
}

/** Writers that compete for logs, one for each log and store, and remember what they were told. */
export class LogWriters {
  acknowledged = 0;
  /** Loads and writes that ended with `unavailable`. */
  failures = 0;
  readonly #told: ReadonlyMap<string, Told[]>;
  readonly #ended = new AbortController();
  readonly #writing: Promise<unknown>;

  constructor(stores: readonly StateStore[], logs: number) {
    const keys = Array.from({ length: logs }, (_, n) => `log-${n}`);
    this.#told = new Map(keys.map((key) => [key, []]));
    const writers = keys.flatMap((key) =>
      stores.map((store, index) => this.#append(store, key, `writer-${index}`)),
    );
    this.#writing = Promise.all(writers);
  }

  /** Waits until so many more entries are acknowledged. */
  more(count: number): Promise<unknown> {
    const goal = this.acknowledged + count;
    return this.#until(() => this.acknowledged >= goal);
  }

  /** Waits until one more attempt has failed. */
  failure(): Promise<unknown> {
    const before = this.failures;
    return this.#until(() => this.failures > before);
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#writing;
  }

  /** Each entry stands once, and where its writer was told: nothing was lost below it, nobody else had that version. */
  async expectKept(store: StateStore): Promise<void> {
    for (const [key, told] of this.#told) {
      const stored = await store.load(key);
      const log = entriesOf(stored?.record.state);
      expect(stored?.version, `version of ${key}`).to.equal(log.length);
      expect(new Set(log).size, `entries of ${key}, each once`).to.equal(log.length);
      for (const { entry, version } of told) expect(log[version - 1], `${key} at ${version}`).to.equal(entry);
    }
  }

  /** Adds entries until the end; each is tried until it is known to be stored. */
  async #append(store: StateStore, key: string, writer: string): Promise<void> {
    for (let n = 0; !this.#ended.signal.aborted;) {
      const entry = `${writer}:${n}`;
      try {
        const stored = await store.load(key);
        const [version, log] = [stored?.version ?? 0, entriesOf(stored?.record.state)];
        const record = { state: [...log, entry], applied: [], effects: [], waiting: [] };
        // A write whose outcome was unknown may have happened.
        const known = log.indexOf(entry) + 1;
        const written =
          known > 0 ||
          (await store.write({ key, expectedVersion: version, record, events: [], now: Date.now() }));
        if (!written) continue;
        this.#told.get(key)?.push({ entry, version: known > 0 ? known : version + 1 });
        this.acknowledged += 1;
        n += 1;
      } catch (error) {
        expect(codeOf(error), String(error)).to.equal('unavailable');
        this.failures += 1;
      }
    }
  }

  #until(condition: () => boolean): Promise<unknown> {
    const poll = async () => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    return Promise.race([poll(), this.#writing]);
  }
}

function entriesOf(state: unknown): readonly string[] {
  return (state ?? []) as readonly string[];
}
