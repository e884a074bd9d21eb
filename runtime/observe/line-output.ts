import { constants, openSync, writeSync } from 'node:fs';
import { pause, systemClock, type Cancel, type Clock } from '../define/clock.ts';

export interface LineOutputOptions {
  /** Must not block when it is a pipe, a socket or a terminal: see `openLineOutput`. */
  readonly fd: number;
  /** Whether a person reads it. */
  readonly isTTY?: boolean;
  /** Whether the lines of a few milliseconds go out together. Default: each at once. */
  readonly together?: boolean;
  readonly clock?: Clock;
  /** What waits for a reader at most. */
  readonly maxBytes?: number;
}

const retryMs = 50;
/** Each write costs as much as making several lines. */
const gatherMs = 10;
/** In characters: lines that go out together are also lost together, where nobody reads. */
const mostTogether = 32_768;
const lineEnd = 10;
/** A reader that is merely slow gets the last lines of a process that ends. */
const lastLinesMs = 1_000;

/**
 * Lines to a file, a pipe or a terminal, whoever reads it or does not. A line that can't be written is lost and
 * counted; nothing waits, grows or fails because of it. Once lines go out again, `onLost` hears how many did not.
 */
export class LineOutput {
  readonly isTTY: boolean;
  /** Tells of it, by writing a line. */
  onLost: (lines: number) => void = () => undefined;
  readonly #fd: number;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #together: boolean;
  #gathered = '';
  #gathering: Cancel | undefined;
  readonly #pending: Buffer[] = [];
  #pendingBytes = 0;
  #lost = 0;
  /** The first line that waits is written in part; or one that was lost is, and whatever follows is a new line. */
  #begun = false;
  #torn = false;
  #telling = false;
  #retry: Cancel | undefined;

  constructor(options: LineOutputOptions) {
    const { fd, isTTY = false, together = false, clock = systemClock, maxBytes = 1024 * 1024 } = options;
    this.#fd = fd;
    this.isTTY = isTTY;
    this.#together = together;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  write(line: string): void {
    this.#gathered += line;
    if (!this.#together || this.#gathered.length >= mostTogether) this.writeGathered();
    else this.#gathering ??= this.#clock.schedule(gatherMs, () => this.writeGathered());
  }

  /** Does not wait for further lines. */
  writeGathered(): void {
    this.#gathering?.();
    this.#gathering = undefined;
    if (this.#gathered === '') return;
    const bytes = Buffer.from(this.#gathered);
    this.#gathered = '';
    if (this.#pending.length > 0 && this.#pendingBytes + bytes.length > this.#maxBytes) {
      this.#lost += linesIn(bytes);
      return;
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#writePending();
  }

  /** Waits until all is written, for a second at most: for the end of the process. */
  async flush(): Promise<void> {
    this.writeGathered();
    const giveUpAt = this.#clock.monotonic() + lastLinesMs;
    while (this.#pending.length > 0 && this.#clock.monotonic() < giveUpAt) await pause(this.#clock, retryMs);
  }

  #writePending(): void {
    let wrote = false;
    for (let lines = this.#pending[0]; lines !== undefined; lines = this.#pending[0]) {
      const left = this.#put(lines);
      if (left !== undefined && left.length > 0) {
        this.#pending[0] = left;
        this.#pendingBytes -= lines.length - left.length;
        this.#retry ??= this.#clock.schedule(retryMs, () => {
          this.#retry = undefined;
          this.#writePending();
        });
        return;
      }
      wrote ||= left !== undefined;
      this.#pending.shift();
      this.#pendingBytes -= lines.length;
    }
    if (wrote) this.#tellLost();
  }

  /** What could not be written yet; undefined: what was left never will be, and is counted as lost. */
  #put(lines: Buffer): Buffer | undefined {
    let at = 0;
    try {
      if (this.#torn) writeSync(this.#fd, '\n');
      this.#torn = false;
      while (at < lines.length) at += writeSync(this.#fd, lines, at);
      this.#begun = false;
      return lines.subarray(at);
    } catch (error) {
      if (at > 0) this.#begun = lines[at - 1] !== lineEnd;
      const left = lines.subarray(at);
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return left;
      this.#lost += linesIn(left);
      this.#torn ||= this.#begun;
      this.#begun = false;
      return undefined;
    }
  }

  #tellLost(): void {
    if (this.#lost === 0 || this.#telling) return;
    const lines = this.#lost;
    this.#lost = 0;
    this.#telling = true;
    this.onLost(lines);
    this.writeGathered();
    this.#telling = false;
    // This line was lost, too: the next one tells.
    if (this.#lost > 0) this.#lost += lines - 1;
  }
}

function linesIn(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === lineEnd) count += 1;
  return count;
}

/** A standard stream of this process, or an open file. Also lines that go out together are written before the process ends. */
export function openLineOutput(
  stream: { readonly fd: number; readonly isTTY?: boolean },
  { together = false }: { readonly together?: boolean } = {},
): LineOutput {
  if (stream.isTTY) return new LineOutput({ fd: withoutBlocking(stream.fd), isTTY: true });
  const output = new LineOutput({ fd: stream.fd, together });
  if (together) process.once('exit', () => output.writeGathered());
  return output;
}

/**
 * Node itself sees to it that a pipe or a socket does not block, but wants terminals to. Opened once more, a terminal
 * that was halted holds nobody up. Where it can't be, it is written to as it is.
 */
function withoutBlocking(fd: number): number {
  try {
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd;
  }
}
