/** The last `size` of what was added. */
export class Ring<T> {
  readonly #size: number;
  #items: T[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  add(item: T): void {
    this.#items.push(item);
    // Not with each: to move them all costs as much as half of them.
    if (this.#items.length >= this.#size * 2) this.#items = this.#items.slice(-this.#size);
  }

  /** The latest first. */
  latest(): T[] {
    return this.#items.slice(-this.#size).reverse();
  }
}
