import { type Clock, type Logger, systemClock } from '@trolley/runtime';
import type { Progress } from './progress.ts';
import { asStartProblem, StartProblem } from './start-problem.ts';

/** One thing that a process starts and later stops. */
export interface Stage<T> {
  readonly name: string;
  start(signal: AbortSignal): Promise<T> | T;
  /** Ends what `start` made. Must itself give up when the signal aborts; the next stage stops then anyway. */
  readonly stop?: (made: T, signal: AbortSignal) => Promise<void> | void;
  /** Ends it at once and without waiting, for a second Ctrl-C. */
  readonly kill?: (made: T) => void;
  /** The progress line once it runs; undefined: none. */
  readonly describe?: (made: T) => string | undefined;
  readonly startDeadlineMs?: number;
  readonly stopDeadlineMs?: number;
}

/** Stages start in order and stop in reverse. */
export interface Lifecycle {
  /** Starts a stage. When it fails, everything that had started is stopped before the error comes out. */
  start<T>(stage: Stage<T>): Promise<T>;
  /** Stops everything that has started, the last first. A second call waits for the first. */
  stop(): Promise<void>;
  /** Ends every stage that can be ended at once. */
  kill(): void;
  /** Aborts when the stop begins: readiness goes false, no new work is taken. */
  readonly stopping: AbortSignal;
  /** Reports that the process cannot go on; whoever waits for `failure` stops it. */
  fail(error: unknown): void;
  readonly failure: Promise<unknown>;
}

interface Releaser {
  readonly name: string;
  readonly stop: (signal: AbortSignal) => Promise<void>;
  readonly kill: () => void;
  readonly deadlineMs: number;
}

interface Surroundings {
  readonly progress: Progress;
  readonly log: Logger;
  readonly clock?: Clock;
}

export function createLifecycle({ progress, log, clock = systemClock }: Surroundings): Lifecycle {
  const releasers: Releaser[] = [];
  let releasing: Releaser | undefined;
  const stopping = new AbortController();
  /** Starts in flight: a stop waits for them, or what they make would never be released. */
  const starting = new Set<Promise<unknown>>();
  let stopped: Promise<void> | undefined;
  let over = false;
  let fail: (error: unknown) => void = () => undefined;
  const failure = new Promise((resolve) => (fail = resolve));

  async function begin<T>(stage: Stage<T>): Promise<T> {
    const startedAt = clock.monotonic();
    const made = await stage.start(stopping.signal);
    releasers.push({
      name: stage.name,
      stop: async (signal) => stage.stop?.(made, signal),
      kill: () => stage.kill?.(made),
      deadlineMs: stage.stopDeadlineMs ?? 10_000,
    });
    // It came later than its deadline, and everything else has stopped.
    if (over) await releaseAll();
    assertNotStopping();
    const line = stage.describe?.(made);
    if (line !== undefined) progress.done(line, clock.monotonic() - startedAt);
    return made;
  }

  function assertNotStopping(): void {
    if (stopping.signal.aborted) throw new StartProblem('Stopped while starting.');
  }

  async function releaseAll(): Promise<void> {
    while ((releasing = releasers.pop()) !== undefined) {
      const { name, stop, deadlineMs } = releasing;
      const deadline = new AbortController();
      const late = `${name} did not stop within ${deadlineMs / 1000} s`;
      try {
        await within(clock, deadlineMs, late, stop(deadline.signal), () => deadline.abort());
      } catch (error) {
        log.error({ err: error, stage: name }, 'a stage did not stop as it should');
      }
    }
  }

  function stop(): Promise<void> {
    stopping.abort();
    stopped ??= Promise.allSettled(starting)
      .then(releaseAll)
      .then(() => {
        over = true;
      });
    return stopped;
  }

  return {
    stopping: stopping.signal,
    failure,
    fail: (error) => fail(error),
    stop,
    async start(stage) {
      assertNotStopping();
      const deadlineMs = stage.startDeadlineMs ?? 60_000;
      const late = `${stage.name} did not start within ${deadlineMs / 1000} s.`;
      const begun = within(clock, deadlineMs, late, begin(stage));
      starting.add(begun);
      try {
        return await begun;
      } catch (error) {
        starting.delete(begun);
        await stop();
        throw asStartProblem(`The start failed at ${stage.name}`, error);
      } finally {
        starting.delete(begun);
      }
    },
    kill() {
      for (const { name, kill } of [...releasers, ...(releasing === undefined ? [] : [releasing])]) {
        try {
          kill();
        } catch (error) {
          log.error({ err: error, stage: name }, 'a stage could not be ended');
        }
      }
    },
  };
}

/** What `work` gives, or a failure when it takes longer. */
async function within<T>(
  clock: Clock,
  deadlineMs: number,
  late: string,
  work: Promise<T>,
  onLate: () => void = () => undefined,
): Promise<T> {
  let cancel = () => {};
  const deadline = new Promise<never>((_, reject) => {
    cancel = clock.schedule(deadlineMs, () => {
      onLate();
      reject(new StartProblem(late));
    });
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    cancel();
  }
}
