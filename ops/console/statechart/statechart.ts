/*
 * A statechart as data: what a machine is, without what it does. Plain JSON, so it travels, and one text for one machine.
 *
 * Read from a machine by `readMachine`, drawn by `drawStatechart`. Ids of states are XState's (`order.paying.card`).
 */

/** What an end or a part of a machine means to its readers: each has its colour and its sign. */
export const kinds = ['compensation', 'completed', 'failed'] as const;
export type Kind = (typeof kinds)[number];

export interface ChartState {
  /** Unique in the machine. */
  readonly id: string;
  /** Its name within its parent. */
  readonly key: string;
  /** Absent on the root alone, which comes first. */
  readonly parent?: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly history?: 'shallow' | 'deep';
  /** Where a compound state begins; what a history state falls back to. */
  readonly initial: readonly string[];
  readonly initialActions: readonly string[];
  readonly kind?: Kind;
  readonly tags: readonly string[];
  readonly description?: string;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly string[];
}

export const triggers = ['event', 'always', 'after', 'done', 'error', 'snapshot', 'state-done'] as const;
export type Trigger = (typeof triggers)[number];

export interface ChartTransition {
  /** The source, the event and how many of that event come before it there: the same in every run. */
  readonly id: string;
  readonly source: string;
  /** None: it stays where it is, and nothing is left or entered. Several: regions of a parallel state. */
  readonly targets: readonly string[];
  readonly trigger: Trigger;
  /** XState's name of the event; empty for `always`, `*` for any other. */
  readonly event: string;
  /** In words: `ADD`, `after 1.5 s`, `done: fetchUser`. */
  readonly label: string;
  readonly guard?: string;
  readonly actions: readonly string[];
  /** It leaves its source and enters it again, also where it leads back to it. */
  readonly reenter: boolean;
  /** The state does not let its parents see the event. */
  readonly forbidden: boolean;
  readonly description?: string;
}

export interface Statechart {
  readonly id: string;
  readonly version?: string;
  /** In the order of the document: a parent before its children. */
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
}

/** What is given is no machine, or cannot be drawn. The message is for whoever gave it. */
export class StatechartError extends Error {
  override readonly name = 'StatechartError';
}
