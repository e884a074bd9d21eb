/*
 * What the console asks of whoever runs sagas: machines of XState whose states are stored. Times in milliseconds since
 * the epoch. A state is named from outside in, as its value is: `compensating.refunding`.
 */

export interface SagaPlace {
  /** Of the machine; empty where it has none. */
  readonly version: string;
  readonly state: string;
}

/** What a saga waits for. */
export interface SagaWait {
  readonly step: string;
  readonly label?: string;
  /** Outcomes so far that nobody knows. */
  readonly attempts: number;
  /** Since when the step is tried. */
  readonly since: number;
  /** When it is tried next; over: it is under way. */
  readonly nextTryAt?: number;
  /** When it is given up; without it, never. */
  readonly giveUpAt?: number;
  readonly error?: SagaError;
}

export interface SagaError {
  readonly code: string;
  readonly message?: string;
}

export interface SagaSummary extends SagaPlace {
  readonly id: string;
  /** What it is about, for people: `user 42`. */
  readonly subject: string;
  readonly startedAt: number;
  /** When it was written last. */
  readonly changedAt: number;
  readonly ended: boolean;
  /** Why it failed, or fails. */
  readonly failure?: string;
  readonly waits?: SagaWait;
  /** Why what is stored of it cannot be read; then its state is what can be told without. */
  readonly unreadable?: string;
  /** Which orders it takes now. */
  readonly mayResume: boolean;
  readonly mayCompensate: boolean;
}

/** One event, and how the saga stood then. */
export interface SagaStep {
  /** Absent where it began. */
  readonly event?: string;
  readonly at: number;
  readonly state: string;
  /** Absent where nobody can tell any more. */
  readonly context?: unknown;
  /** What was done outside. */
  readonly step?: string;
  readonly attempt?: number;
  readonly isCompensation?: boolean;
  readonly error?: SagaError;
  /** Who ordered it, and why. */
  readonly note?: string;
  /** Events that are not on record here; 0: nobody counted them. */
  readonly leftOut?: number;
}

export interface SagaRun {
  readonly summary: SagaSummary;
  readonly steps: readonly SagaStep[];
  /** In words, what those who own it are told of its course. */
  readonly notes: readonly { readonly at: number; readonly text: string }[];
  readonly traceId?: string;
}

export interface SagaList {
  readonly items: readonly SagaSummary[];
  /** Where the next page begins. */
  readonly cursor?: string;
}

export interface SagaListQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** One event that a saga took. */
export interface SagaMove {
  readonly version: string;
  readonly from: string;
  readonly event: string;
  readonly to: string;
  readonly at: number;
}

export interface SagaLook {
  readonly running: readonly (SagaPlace & { readonly count: number })[];
  /** Those that no look of the same row told of. */
  readonly moves: readonly SagaMove[];
  /** There were more than are counted. */
  readonly isCut: boolean;
  /** Sagas that are told of nowhere else, since what is stored of them cannot be read. */
  readonly unreadable?: number;
}

/** Who orders something, for the record of the saga. */
export interface SagaOrder {
  readonly by: string;
  readonly requestId: string;
}

export interface SagaSource {
  /** Id of the machine. */
  readonly machine: string;
  /** The type of the actors that run them, each under the id of its saga; absent: no actors do. */
  readonly actorType?: string;
  /** Looks again and again; the first time a minute back. */
  looker(): () => Promise<SagaLook>;
  /** Those in a state; of running ones the one that is longest there comes first, unless it says `newest`. */
  list(
    place: SagaPlace,
    query: SagaListQuery & { readonly order?: 'oldest' | 'newest' | undefined },
  ): Promise<SagaList>;
  /** Those that retry a step, or wait for it longer than one should; the oldest first. */
  stuck(query: SagaListQuery): Promise<SagaList>;
  /** By its id or by what it is about, as a person types it; the newest first. */
  find(text: string): Promise<readonly SagaSummary[]>;
  one(id: string): Promise<SagaRun | undefined>;
  /** @throws ActorError `not_found`, `conflict` */
  resume(id: string, order: SagaOrder): Promise<void>;
  /** @throws ActorError `not_found`, `conflict` */
  compensate(id: string, reason: string, order: SagaOrder): Promise<void>;
}
