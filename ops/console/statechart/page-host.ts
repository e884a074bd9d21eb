import type { Statechart } from './statechart.ts';
import type { RecordedStep } from './trace-path.ts';

/** How many runs are in each state, and how many took each transition. By id; what is not named is none. */
export interface Counts {
  readonly states: Readonly<Record<string, number>>;
  readonly transitions?: Readonly<Record<string, number>>;
}

export interface RunSummary {
  readonly id: string;
  /** Milliseconds since 1970: since when it is in the state. */
  readonly since?: number;
  readonly note?: string;
}

/** What the page is told, and all that it asks for. It changes nothing. */
export interface StatechartHost {
  /** The machines to show; each version that runs still use is one. */
  charts(): readonly Statechart[] | Promise<readonly Statechart[]>;
  /** What is told at once, then whenever it changed. Asked for per page that is open; `signal` ends it. */
  counts?(chart: Statechart, signal: AbortSignal): AsyncIterable<Counts>;
  /** Runs that are in a state now: a page of them, those that are longest in it first. */
  runs?(chart: Statechart, state: string): Promise<readonly RunSummary[]>;
  /** What was recorded of a run; nothing where there is no such run. */
  history?(chart: Statechart, run: string): Promise<readonly RecordedStep[] | undefined>;
}
