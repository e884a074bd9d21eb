import type { ChartTree } from './chart-tree.ts';
import { exited, microstep, type Configuration } from './microstep.ts';
import { alwaysOptions, eventOptions, eventsOf } from './transition-options.ts';
import type { ChartTransition } from './statechart.ts';

/** A way from one configuration to another. */
export interface Way {
  readonly transitions: readonly ChartTransition[];
  readonly end: Configuration;
}

interface Walk extends Way {
  /** Events that came of the way itself: a state with parts has come to its end. */
  readonly raised: readonly string[];
}

/** No machine of people's making needs as many; one that turns in circles stops here. */
const maxWalks = 2000;

/**
 * The shortest ways by which an event leads to what is active afterwards. Whether a guard held is not recorded, so all
 * that could have been are tried; several ways are several that nobody can tell apart. Without an event, any event; an
 * empty one is none, as at the beginning.
 */
export function findWays(
  tree: ChartTree,
  from: Configuration,
  event: string | undefined,
  to: ReadonlySet<string>,
): readonly Way[] {
  const arrives = ({ end }: Walk) => end.active.size === to.size && [...to].every((id) => end.active.has(id));
  const start: Walk = { transitions: [], end: from, raised: doneIn(tree, new Set(), from.active) };
  const rested: Walk = { ...start, raised: [] };
  const events = event === undefined ? eventsOf(tree, from.active) : [event];
  let walks = event === '' ? [start] : events.flatMap((each) => onEvent(tree, rested, each));
  const seen = new Set<string>();
  for (let tried = 0; walks.length > 0 && tried < maxWalks; tried += walks.length) {
    const ways = walks.filter(arrives);
    if (ways.length > 0) return ways;
    walks = walks.filter((walk) => isNew(seen, walk)).flatMap((walk) => goOn(tree, walk));
  }
  return [];
}

function isNew(seen: Set<string>, { end, raised, transitions }: Walk): boolean {
  const path = transitions.map(({ id }) => id);
  const key = JSON.stringify([[...end.active].sort(), [...end.history], raised, path.at(-1)]);
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function onEvent(tree: ChartTree, walk: Walk, event: string): Walk[] {
  return eventOptions(tree, walk.end.active, event).map((chosen) => taken(tree, walk, chosen));
}

/** What happens next by itself: transitions without an event, then what was raised. */
function goOn(tree: ChartTree, walk: Walk): Walk[] {
  const options = alwaysOptions(tree, walk.end.active);
  const eventless = options.filter(({ length }) => length > 0).map((chosen) => taken(tree, walk, chosen));
  const [next, ...raised] = walk.raised;
  const mayRest = options.some(({ length }) => length === 0);
  return next === undefined || !mayRest
    ? eventless
    : [...eventless, ...onEvent(tree, { ...walk, raised }, next)];
}

function taken(tree: ChartTree, walk: Walk, chosen: readonly ChartTransition[]): Walk {
  const transitions = withoutConflicts(tree, walk.end, chosen);
  if (transitions.length === 0) return walk;
  const end = microstep(tree, walk.end, transitions);
  const left = new Set(transitions.flatMap((transition) => exited(tree, walk.end, transition)));
  const stayed = new Set([...walk.end.active].filter((id) => !left.has(id)));
  return {
    transitions: [...walk.transitions, ...transitions],
    end,
    raised: [...walk.raised, ...doneIn(tree, stayed, end.active)],
  };
}

/** Of two that would leave the same state, that of the inner source, else the earlier one. */
function withoutConflicts(
  tree: ChartTree,
  configuration: Configuration,
  chosen: readonly ChartTransition[],
): ChartTransition[] {
  let kept: ChartTransition[] = [];
  for (const transition of chosen) {
    const left = new Set(exited(tree, configuration, transition));
    const against = kept.filter((other) => exited(tree, configuration, other).some((id) => left.has(id)));
    if (!against.every(({ source }) => tree.isWithin(transition.source, source))) continue;
    kept = [...kept.filter((other) => !against.includes(other)), transition];
  }
  return kept;
}

/** The events that XState raises where a compound state, or all regions of a parallel one, came to an end. */
function doneIn(tree: ChartTree, before: ReadonlySet<string>, now: ReadonlySet<string>): string[] {
  const isDone = (id: string): boolean => {
    const { type } = tree.state(id);
    if (type === 'parallel') return tree.regions(id).every((region) => isDone(region.id));
    if (type === 'compound')
      return tree.regions(id).some((child) => now.has(child.id) && child.type === 'final');
    return type === 'final';
  };
  const done = new Set<string>();
  for (const id of tree.inOrder(now)) {
    const { type, parent } = tree.state(id);
    if (type !== 'final' || before.has(id) || parent === undefined) continue;
    const isPart = tree.state(parent).type === 'compound';
    if (isPart) done.add(parent);
    let around = isPart ? tree.state(parent).parent : parent;
    while (around !== undefined && tree.state(around).type === 'parallel' && isDone(around)) {
      done.add(around);
      around = tree.state(around).parent;
    }
  }
  return Array.from(done, (id) => `xstate.done.state.${id}`);
}
