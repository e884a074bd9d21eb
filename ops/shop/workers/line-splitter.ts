const newline = 10;

/** Whole lines of a stream, as many at once as have come. What comes last is passed on by `end`, whole or not. */
export class LineSplitter {
  readonly #pass: (lines: string) => void;
  readonly #maxBytes: number;
  #begun: Buffer[] = [];
  #begunBytes = 0;

  /** @param maxBytes - a line that is longer is passed on in pieces */
  constructor(pass: (lines: string) => void, maxBytes = 1024 * 1024) {
    this.#pass = pass;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) this.#flush(chunk.subarray(0, end));
    if (end === chunk.length) return;
    this.#begun.push(chunk.subarray(end));
    this.#begunBytes += chunk.length - end;
    if (this.#begunBytes > this.#maxBytes) this.end();
  }

  end(): void {
    if (this.#begunBytes > 0) this.#flush(Buffer.from('\n'));
  }

  #flush(last: Buffer): void {
    const lines = Buffer.concat([...this.#begun, last]).toString();
    this.#begun = [];
    this.#begunBytes = 0;
    this.#pass(lines);
  }
}
