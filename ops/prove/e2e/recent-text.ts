/** The newest part of a text that grows for as long as somebody writes, such as the log of a shop under load. */
export class RecentText {
  readonly #maxLength: number;
  readonly #pieces: string[] = [];
  #length = 0;
  #isWhole = true;

  /** In UTF-16 code units. A string of V8 has no more than 2^29. */
  constructor(maxLength = 64 * 1024 * 1024) {
    this.#maxLength = maxLength;
  }

  add(piece: string): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    while (this.#length > this.#maxLength) {
      this.#length -= this.#pieces.shift()?.length ?? 0;
      this.#isWhole = false;
    }
  }

  /** Without the one whose beginning is gone. */
  get lines(): readonly string[] {
    const lines = this.toString().split('\n');
    return (this.#isWhole ? lines : lines.slice(1)).filter((line) => line !== '');
  }

  toString(): string {
    return this.#pieces.join('');
  }
}
