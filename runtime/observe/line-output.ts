import { constants, openSync, writeSync } from 'node:fs';
import { pause, systemClock, type Cancel, type Clock } from '../define/clock.ts';

export interface LineOutputOptions {
  /** Must not block when it is a pipe, a socket or a terminal: see `openLineOutput`. */
  readonly fd: number;
  /** Whether a person reads it. */
  readonly isTTY?: boolean;
  readonly clock?: Clock;
  /** What waits for a reader at most. */
  readonly maxBytes?: number;
}

const retryMs = 50;
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
  readonly #pending: Buffer[] = [];
  #pendingBytes = 0;
  #lost = 0;
  /** The first line that waits is written in part; or one that was lost is, and whatever follows is a new line. */
  #begun = false;
  #torn = false;
  #telling = false;
  #retry: Cancel | undefined;

  constructor({ fd, isTTY = false, clock = systemClock, maxBytes = 1024 * 1024 }: LineOutputOptions) {
    this.#fd = fd;
    this.isTTY = isTTY;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#pending.length > 0 && this.#pendingBytes + bytes.length > this.#maxBytes) {
      this.#lost += 1;
      return;
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#writePending();
  }

  /** Waits until all is written, for a second at most: for the end of the process. */
  async flush(): Promise<void> {
    const giveUpAt = this.#clock.monotonic() + lastLinesMs;
    while (this.#pending.length > 0 && this.#clock.monotonic() < giveUpAt) await pause(this.#clock, retryMs);
  }

  #writePending(): void {
    let wrote = false;
    for (let line = this.#pending[0]; line !== undefined; line = this.#pending[0]) {
      const left = this.#put(line);
      if (left === undefined) {
        this.#lost += 1;
      } else if (left.length > 0) {
        this.#pending[0] = left;
        this.#pendingBytes -= line.length - left.length;
        this.#retry ??= this.#clock.schedule(retryMs, () => {
          this.#retry = undefined;
          this.#writePending();
        });
        return;
      } else {
        wrote = true;
      }
      this.#pending.shift();
      this.#pendingBytes -= line.length;
    }
    if (wrote) this.#tellLost();
  }

  /** What could not be written yet; undefined: it never will be. */
  #put(line: Buffer): Buffer | undefined {
    let at = 0;
    try {
      if (this.#torn) writeSync(this.#fd, '\n');
      this.#torn = false;
      while (at < line.length) at += writeSync(this.#fd, line, at);
      this.#begun = false;
      return line.subarray(at);
    } catch (error) {
      this.#begun ||= at > 0;
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return line.subarray(at);
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
    this.#telling = false;
    // This line was lost, too: the next one tells.
    if (this.#lost > 0) this.#lost = lines;
  }
}

/** A standard stream of this process. */
export function openLineOutput(stream: NodeJS.WriteStream & { readonly fd: number }): LineOutput {
  if (!stream.isTTY) return new LineOutput({ fd: stream.fd });
  return new LineOutput({ fd: withoutBlocking(stream.fd), isTTY: true });
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
