/** A class, since V8 learns of object literals whether they last, and then puts them where it rarely looks. */
class Place<T extends object> {
  item: T | undefined;
  before: Place<T> | undefined;
  after: Place<T> | undefined;

  constructor(item: T, before: Place<T> | undefined) {
    this.item = item;
    this.before = before;
    this.after = undefined;
  }
}

/**
 * A doubly linked list: what is there for a while, in the order in which it came.
 *
 * A Set would do the same, and keep much more in memory: it copies itself to a new table every few additions, V8 links
 * the old table to the new one, and what any of them held stays, with a whole request perhaps, until V8 looks through all
 * of its heap. Here what has gone is linked to nothing.
 */
export class LinkedList<T extends object> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  /** Returns what takes it out again. */
  add(item: T): () => void {
    const place = new Place(item, this.#last);
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    return () => this.#remove(place);
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** What came before all others that are there. */
  get first(): T | undefined {
    return this.#first?.item;
  }

  /** Takes it out. */
  shift(): T | undefined {
    const { first } = this;
    if (this.#first !== undefined) this.#remove(this.#first);
    return first;
  }

  /** All that are there now. */
  all(): T[] {
    const items: T[] = [];
    for (let place = this.#first; place?.item !== undefined; place = place.after) items.push(place.item);
    return items;
  }

  #remove(place: Place<T>): void {
    const { item, before, after } = place;
    if (item === undefined) return;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    place.item = place.before = place.after = undefined;
  }
}
