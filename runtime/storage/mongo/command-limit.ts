/** Runs one call of the driver with what ends it after the limit. */
export type CommandLimit = <R>(
  command: (options: { readonly signal: AbortSignal }) => Promise<R>,
) => Promise<R>;

/** Longer than finding a server, connecting and being answered take, each within its own limit. */
const defaultLimitMs = 10_000;

/**
 * How long one command may take in all. The driver's own limits (7.8 and 7.9) leave a gap: a command that is larger
 * than what a socket takes at once waits for the socket to go on, and for ever when the server closes it meanwhile.
 * What is aborted gives its connection back. `bulkWrite` takes the signal, too, though its types do not say so.
 */
export function commandLimit(limitMs = defaultLimitMs): CommandLimit {
  return async (command) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error(`no answer within ${limitMs} ms`)), limitMs);
    try {
      return await command({ signal: controller.signal });
    } finally {
      clearTimeout(timer);
    }
  };
}
