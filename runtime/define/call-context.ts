import type { TraceContext } from './trace-context.ts';

/** What goes along with a call, from whoever began it to the last one that is called for it. */
export interface CallContext extends TraceContext {
  /** Stands in the log lines of all that is done for the call. */
  readonly requestId?: string | undefined;
  /** Aborting ends the waiting; what the far side does is then unknown. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the waiting ends with `deadline_exceeded`: what the far side did is then unknown. */
  readonly timeoutMs?: number | undefined;
}
