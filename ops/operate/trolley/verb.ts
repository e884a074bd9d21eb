import type { ActorCluster, Clock } from '@trolley/runtime';
import type { EventLog } from '@trolley/runtime/events';
import type { PostgresPool } from '@trolley/runtime/postgres';
import type { Progress } from '../../shop/process/progress.ts';
import type { Call } from './call.ts';
import type { Table } from './table.ts';

export interface Flag {
  /** What its value is called; undefined: it takes none. */
  readonly value?: string;
  readonly help: string;
  /** What its value may be, for completion. */
  readonly choices?: readonly string[];
}

/** What a verb found or did. */
export interface Outcome {
  /** For programs. Times are milliseconds since the epoch. */
  readonly items: readonly unknown[];
  /** For people, and by tabs for pipes. Left out: `text`. */
  readonly table?: Table;
  readonly text?: string;
  /** Sentences for people. */
  readonly notes?: readonly string[];
  /** Where a list goes on. */
  readonly cursor?: string | undefined;
  /** Not everything was looked at. */
  readonly isPartial?: boolean;
  /** Default: 0. */
  readonly code?: number;
}

/** An action of an operator, as the record tells it. */
export interface OperatorAction {
  readonly action: string;
  readonly target: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What verbs work on. What is not needed is not connected to. */
export interface Around {
  readonly cluster: () => Promise<ActorCluster>;
  readonly postgres: () => Promise<PostgresPool>;
  readonly log: () => Promise<EventLog>;
  /** Does it on record. */
  readonly audited: <T>(action: OperatorAction, perform: () => Promise<T>) => Promise<T>;
  /**
   * Asks the person at the terminal.
   * @throws UsageProblem where there is none
   */
  readonly confirm: (question: string) => Promise<boolean>;
  readonly progress: Progress;
  readonly clock: Clock;
}

export interface Verb {
  /** As it is typed: `dead replay`. */
  readonly name: string;
  /** What follows, for the help: `[ID…]`. */
  readonly words?: string;
  /** At most so many; default: none. */
  readonly maxWords?: number;
  readonly summary: string;
  /** Sentences for its own help. */
  readonly about?: string;
  readonly flags?: Readonly<Record<string, Flag>>;
  /** Changes nothing, so that it can be watched. */
  readonly isReport: boolean;
  /** @throws UsageProblem, ActorError */
  run(call: Call, around: Around): Promise<Outcome>;
}
