/** What an answer says about trying again. */
export interface Verdict {
  /** The same request may be answered otherwise later. */
  readonly isPassing: boolean;
  /** What was asked for may have been done all the same, or may be yet. */
  readonly mayHaveHappened: boolean;
}

/**
 * By the status of an answer; undefined: there was none. Of the conflicts only `aborted` passes, and after
 * `answer_dropped` it has happened.
 */
export function verdictOf(status: number | undefined, code: string): Verdict {
  switch (status) {
    case undefined:
    case 502:
    case 503:
    case 504:
      return { isPassing: true, mayHaveHappened: true };
    case 408:
    case 429:
      return { isPassing: true, mayHaveHappened: false };
    case 409:
      return { isPassing: code === 'aborted', mayHaveHappened: /^(aborted|answer_dropped)$/.test(code) };
    case 501:
      return { isPassing: false, mayHaveHappened: false };
    default:
      // Neither an answer that is not understood nor a fault in the shop says that nothing was done.
      return { isPassing: false, mayHaveHappened: status < 400 || status >= 500 };
  }
}

/** How long to wait: doubling from `firstMs` to `maxMs`, half of it left to chance. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
}

/** After the failed try of this number, the first being 1. */
export function backOffMs({ firstMs, maxMs, random }: BackOff, tries: number): number {
  return Math.min(maxMs, firstMs * 2 ** (tries - 1)) * (0.5 + 0.5 * random());
}

/** What `Retry-After` says, in seconds or as a date; undefined where it says nothing. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^[0-9]{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
