import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a node tells of the process that it is in. */
export interface ProcessFacts {
  readonly process: string;
  /** How late the event loop was, for 99 of 100 times since it was asked last. Milliseconds. */
  loopDelayMs(): number;
  residentBytes(): number;
  /** Nobody asks any more. */
  close(): void;
}

const resolutionMs = 20;

/** This process. What it costs is a timer outside of JavaScript. */
export function openProcessFacts(): ProcessFacts {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return {
    process: `${hostname()}/${process.pid}`,
    loopDelayMs() {
      // It measures from one look to the next.
      const lateMs = delays.percentile(99) / 1e6 - resolutionMs;
      delays.reset();
      return Math.round(Math.max(0, lateMs) * 10) / 10;
    },
    residentBytes: () => process.memoryUsage.rss(),
    close: () => void delays.disable(),
  };
}
