import type { Page } from '@trolley/runtime';

/** What is known of how an action ended. `unknown`: it may have been done, or not, or still be under way. */
export const auditOutcomes = ['unknown', 'done', 'refused'] as const;

export type AuditOutcome = (typeof auditOutcomes)[number];

/** An action that is about to be tried. */
export interface AuditedAction {
  /** Who: a user of the console, or of the operating system. */
  readonly who: string;
  readonly role: string;
  /** Where it was wanted. */
  readonly source: 'console' | 'command';
  /** A word such as `replay`. */
  readonly action: string;
  /** What it was done to, such as `cart/42`. */
  readonly target: string;
  /** What else was given. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly requestId?: string | undefined;
  /** Where the request came from. */
  readonly address?: string | undefined;
}

export interface AuditEntry extends AuditedAction {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: AuditOutcome;
  /** How it ended, in a sentence. */
  readonly note?: string;
  readonly endedAt?: number;
}

export interface AuditQuery {
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** A part of the target. */
  readonly target?: string | undefined;
  /** At most so many. Default 100. */
  readonly limit?: number | undefined;
  /** Of the page before. */
  readonly cursor?: string | undefined;
}

/** The record of what operators did. */
export interface Audit {
  /** Writes down an action before it is tried; returns the id of its entry. */
  begin(action: AuditedAction): Promise<string>;
  /** Adds how it ended. */
  end(id: string, outcome: AuditOutcome, note?: string): Promise<void>;
  /** The newest first. */
  list(query?: AuditQuery): Promise<Page<AuditEntry>>;
}
