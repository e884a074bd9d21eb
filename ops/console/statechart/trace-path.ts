import { ChartTree } from './chart-tree.ts';
import { findWays } from './find-way.ts';
import { initialConfiguration, type Configuration } from './microstep.ts';
import type { Statechart } from './statechart.ts';
import { matches } from './transition-options.ts';

/** XState's: the key of the active child, or those of all regions with what is active in them. */
export type StateValue = string | { readonly [key: string]: StateValue | undefined };

/** One thing that happened, and what came of it: what XState's inspection tells in `@xstate.snapshot`, or was kept. */
export interface RecordedStep {
  /** Absent where it was not recorded. */
  readonly event?: string | { readonly type: string };
  readonly state?: StateValue;
  readonly context?: unknown;
  /** In place of `state` and `context`. */
  readonly snapshot?: unknown;
  /** Milliseconds, of any clock that all steps share. */
  readonly at?: number;
}

export interface PathStep {
  readonly index: number;
  readonly event?: string;
  readonly at?: number;
  /** Until the next step. */
  readonly durationMs?: number;
  readonly context?: unknown;
  /** Ids, in the order of the chart, all that is around an active state included. */
  readonly active: readonly string[];
  readonly entered: readonly string[];
  readonly exited: readonly string[];
  /** Ids of the transitions taken, in their order. Empty where the event was not for this state. */
  readonly transitions: readonly string[];
  /** Other ways of the same end: only a guard, or an event, that was not recorded told them apart. */
  readonly alternatives: readonly (readonly string[])[];
  /** What of this step is not in this version of the machine. */
  readonly problems: readonly string[];
}

/** A state's time, from when it was entered until it was left. */
export interface Visit {
  readonly state: string;
  readonly from: number;
  /** Index of the step that left it; absent where it was not left. */
  readonly until?: number;
  readonly durationMs?: number;
}

export interface Path {
  readonly steps: readonly PathStep[];
  readonly visits: readonly Visit[];
  /** The step of this index, to go back and forth by. */
  at(index: number): PathStep | undefined;
}

/** What a run went through, of what was recorded of it. A step that does not fit this version is kept, and says so. */
export function tracePath(chart: Statechart, history: readonly RecordedStep[]): Path {
  const tree = new ChartTree(chart);
  const steps: PathStep[] = [];
  let before: Configuration | undefined;
  for (const [index, recorded] of history.entries()) {
    const { state, context } = stateOf(recorded);
    const problems: string[] = [];
    const active = activeIn(tree, state, problems);
    const event = typeof recorded.event === 'string' ? recorded.event : recorded.event?.type;
    const found = way(tree, before, event, active, problems);
    const previous = before?.active ?? new Set<string>();
    const { at } = recorded;
    const durationMs = at === undefined ? undefined : later(history[index + 1]?.at, at);
    steps.push({
      index,
      ...(event === undefined ? {} : { event }),
      ...(at === undefined ? {} : { at }),
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(context === undefined ? {} : { context }),
      active: tree.inOrder(active),
      ...changes(tree, found.transitions, previous, active),
      transitions: found.transitions,
      alternatives: found.alternatives,
      problems,
    });
    before = { active, history: found.history };
  }
  return { steps, visits: visitsOf(steps), at: (index) => steps[index] };
}

function stateOf({ state, context, snapshot }: RecordedStep): { state: unknown; context: unknown } {
  if (state !== undefined || typeof snapshot !== 'object' || snapshot === null) return { state, context };
  const { value, context: inside } = snapshot as { value?: unknown; context?: unknown };
  return { state: value, context: inside };
}

function later(next: number | undefined, at: number): number | undefined {
  return next === undefined ? undefined : Math.max(0, next - at);
}

/** All that is active by a state's value. What the machine has not is told in `problems`. */
function activeIn(tree: ChartTree, value: unknown, problems: string[]): Set<string> {
  const active = new Set([tree.root]);
  const waiting: { readonly parent: string; readonly value: unknown }[] = [{ parent: tree.root, value }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { parent, value: inside } = next;
    const keys = typeof inside === 'string' ? [[inside, undefined] as const] : Object.entries(inside ?? {});
    for (const [key, rest] of keys) {
      const child = tree.regions(parent).find((each) => each.key === key);
      if (child === undefined) problems.push(`${parent} has no state ${key} in this version`);
      else {
        active.add(child.id);
        waiting.push({ parent: child.id, value: rest });
      }
    }
  }
  return active;
}

interface Found {
  readonly transitions: readonly string[];
  readonly alternatives: readonly (readonly string[])[];
  readonly history: Configuration['history'];
}

function way(
  tree: ChartTree,
  before: Configuration | undefined,
  event: string | undefined,
  active: ReadonlySet<string>,
  problems: string[],
): Found {
  const isBeginning = before === undefined;
  const start = before ?? initialConfiguration(tree);
  const nothing: Found = { transitions: [], alternatives: [], history: start.history };
  if (problems.length > 0) return nothing;
  // It begins where it begins, and goes on from there by itself.
  const isThere = start.active.size === active.size && [...active].every((id) => start.active.has(id));
  if (isBeginning && isThere) return nothing;
  const ways = findWays(tree, start, isBeginning ? '' : event, active);
  const [first, ...others] = ways;
  if (first === undefined) {
    problems.push(unexplained(tree, isBeginning, event));
    return nothing;
  }
  const idsOf = ({ transitions }: typeof first) => transitions.map(({ id }) => id);
  if (event !== undefined && !isBeginning && !isKnown(tree, event))
    problems.push(`no state waits for ${event} in this version`);
  const distinct = new Map(others.map((other) => [idsOf(other).join('\n'), idsOf(other)]));
  distinct.delete(idsOf(first).join('\n'));
  return { transitions: idsOf(first), alternatives: [...distinct.values()], history: first.end.history };
}

function unexplained(tree: ChartTree, isBeginning: boolean, event: string | undefined): string {
  if (isBeginning) return 'this version does not begin there';
  if (event === undefined) return 'no transition of this version leads there';
  if (!isKnown(tree, event)) return `no state waits for ${event} in this version, and it led elsewhere`;
  return `in this version ${event} does not lead there`;
}

/** Its first and its last event are of XState's own. */
function isKnown(tree: ChartTree, event: string): boolean {
  if (event === 'xstate.init' || event === 'xstate.stop') return true;
  return tree.chart.transitions.some((transition) => matches(transition, event));
}

/** A state that was left and entered again is both. */
function changes(
  tree: ChartTree,
  transitions: readonly string[],
  before: ReadonlySet<string>,
  now: ReadonlySet<string>,
): { entered: string[]; exited: string[] } {
  const again = tree.chart.transitions
    .filter(({ id, reenter }) => reenter && transitions.includes(id))
    .flatMap(({ source }) => [source, ...[...now].filter((id) => tree.isWithin(id, source))])
    .filter((id) => before.has(id) && now.has(id));
  return {
    entered: tree.inOrder(new Set([...[...now].filter((id) => !before.has(id)), ...again])),
    exited: tree.inOrder(new Set([...[...before].filter((id) => !now.has(id)), ...again])),
  };
}

function visitsOf(steps: readonly PathStep[]): Visit[] {
  const visits: Visit[] = [];
  /** Where in `visits` the time of a state is that is active. */
  const open = new Map<string, number>();
  for (const step of steps) {
    for (const state of step.exited) {
      const place = open.get(state);
      const begun = place === undefined ? undefined : visits[place];
      if (place !== undefined && begun !== undefined)
        visits[place] = ended(begun, steps[begun.from]?.at, step);
      open.delete(state);
    }
    for (const state of step.entered) {
      open.set(state, visits.length);
      visits.push({ state, from: step.index });
    }
  }
  return visits;
}

function ended(visit: Visit, from: number | undefined, until: PathStep): Visit {
  const durationMs = from === undefined ? undefined : later(until.at, from);
  return { ...visit, until: until.index, ...(durationMs === undefined ? {} : { durationMs }) };
}
