/** A row that belongs to a checkout. */
export interface Keyed<R> {
  readonly id: string;
  readonly row: R;
}

/** Rows of several stores that belong to one checkout. */
export interface Joined<T> {
  readonly id: string;
  readonly rows: { readonly [K in keyof T]: readonly T[K][] };
}

type Sources<T> = { readonly [K in keyof T]: AsyncIterable<Keyed<T[K]>> | Iterable<Keyed<T[K]>> };

/**
 * Brings together what stores have of the same id. Each source is in the order of the bytes of its ids; no more than
 * one id of each is in memory.
 */
export async function* mergeJoin<T extends object>(sources: Sources<T>): AsyncGenerator<Joined<T>> {
  const names = Object.keys(sources) as (keyof T)[];
  const readers = new Map(names.map((name) => [name, new Reader<T[keyof T]>(sources[name])]));
  try {
    for (;;) {
      const ids: string[] = [];
      // One after the other: two of them read from one connection.
      for (const reader of readers.values()) {
        const head = await reader.head();
        if (head !== undefined) ids.push(head.id);
      }
      const [first] = ids.sort(byBytes);
      if (first === undefined) return;
      const rows = {} as { [K in keyof T]: T[K][] };
      for (const [name, reader] of readers) rows[name] = await reader.takeAll(first);
      yield { id: first, rows };
    }
  } finally {
    for (const reader of readers.values()) await reader.close();
  }
}

/** As SQLite and PostgreSQL (COLLATE "C") sort text. */
function byBytes(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}

class Reader<R> {
  readonly #rows: AsyncIterator<Keyed<R>> | Iterator<Keyed<R>>;
  #head: IteratorResult<Keyed<R>, unknown> | undefined;

  constructor(rows: AsyncIterable<Keyed<R>> | Iterable<Keyed<R>>) {
    this.#rows = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  }

  async head(): Promise<Keyed<R> | undefined> {
    this.#head ??= await this.#rows.next();
    return this.#head.done === true ? undefined : this.#head.value;
  }

  async takeAll(id: string): Promise<R[]> {
    const taken: R[] = [];
    for (let head = await this.head(); head?.id === id; head = await this.head()) {
      taken.push(head.row);
      this.#head = undefined;
    }
    return taken;
  }

  async close(): Promise<void> {
    await this.#rows.return?.();
  }
}
