import type { ChartTree } from './chart-tree.ts';
import type { ChartTransition } from './statechart.ts';

/** Which states are active, all around them included, and what those that were left remember. */
export interface Configuration {
  readonly active: ReadonlySet<string>;
  readonly history: ReadonlyMap<string, readonly string[]>;
}

/** Where a machine begins, before any transition. */
export function initialConfiguration(tree: ChartTree): Configuration {
  const history = new Map<string, string[]>();
  return { active: entered(tree, [tree.root], undefined, history), history };
}

/**
 * What transitions that are taken together make of a configuration: leave, remember, enter. As XState (and SCXML) do
 * it, without guards and actions, which a chart only has by name.
 */
export function microstep(
  tree: ChartTree,
  before: Configuration,
  transitions: readonly ChartTransition[],
): Configuration {
  const { active, history } = before;
  const left = new Set(transitions.flatMap((transition) => exited(tree, before, transition)));
  const remembered = new Map(history);
  for (const id of left) {
    for (const child of tree.children(id).filter(({ type }) => type === 'history')) {
      const inside = [...active].filter((each) =>
        child.history === 'deep'
          ? tree.isWithin(each, id) && tree.regions(each).length === 0
          : tree.state(each).parent === id,
      );
      remembered.set(child.id, inside);
    }
  }
  const next = new Set([...active].filter((id) => !left.has(id)));
  for (const transition of transitions.filter(({ targets }) => targets.length > 0)) {
    const { domain } = domainOf(tree, transition, remembered);
    for (const id of entered(tree, transition.targets, domain, remembered)) next.add(id);
  }
  return { active: next, history: remembered };
}

/** What a transition leaves. */
export function exited(
  tree: ChartTree,
  { active, history }: Configuration,
  transition: ChartTransition,
): string[] {
  if (transition.targets.length === 0) return [];
  const { domain } = domainOf(tree, transition, history);
  return domain === undefined ? [...active] : [...active].filter((id) => tree.isWithin(id, domain));
}

type History = Configuration['history'];

/** The state that stays active around all that a transition leaves and enters; none, where the root is entered again. */
function domainOf(
  tree: ChartTree,
  { source, targets, reenter }: ChartTransition,
  history: History,
): { domain: string | undefined } {
  const ends = targets.flatMap((target) => withoutHistory(tree, target, history));
  if (!reenter && ends.every((end) => end === source || tree.isWithin(end, source)))
    return { domain: source };
  const domain = tree.ancestors(source).find((around) => ends.every((end) => tree.isWithin(end, around)));
  return { domain: domain ?? (reenter ? undefined : tree.root) };
}

/** What a history state stands for; any other stands for itself. */
function withoutHistory(tree: ChartTree, id: string, history: History): readonly string[] {
  const { type, initial, parent = tree.root } = tree.state(id);
  if (type !== 'history') return [id];
  const remembered = history.get(id);
  if (remembered !== undefined) return remembered;
  const fallback = initial.length > 0 ? initial : tree.state(parent).initial;
  return fallback.filter((each) => each !== id).flatMap((each) => withoutHistory(tree, each, history));
}

/** All that becomes active with these, within what stays active. */
function entered(
  tree: ChartTree,
  targets: readonly string[],
  domain: string | undefined,
  history: History,
): Set<string> {
  const all = new Set<string>();
  const isTaken = (id: string) => [...all].some((each) => each === id || tree.isWithin(each, id));
  const addRegions = (id: string) => {
    for (const region of tree.regions(id)) if (!isTaken(region.id)) addInside(region.id);
  };
  const addInside = (id: string) => {
    const { type, initial, parent = tree.root } = tree.state(id);
    if (type === 'history') {
      const remembered = withoutHistory(tree, id, history);
      remembered.forEach(addInside);
      remembered.forEach((each) => addAround(each, parent));
      return;
    }
    all.add(id);
    if (type === 'compound') {
      const [begin] = initial;
      if (begin === undefined) return;
      addInside(begin);
      addAround(begin, id);
    } else if (type === 'parallel') addRegions(id);
  };
  const addAround = (id: string, until: string | undefined) => {
    // It stays active itself, and with it all that is around it.
    if (id === until) return;
    for (const around of tree.ancestors(id)) {
      if (around === until) return;
      all.add(around);
      if (tree.state(around).type === 'parallel') addRegions(around);
    }
  };
  // What is told by name first, so that what is around it does not begin where it always does.
  targets.forEach(addInside);
  for (const end of targets.flatMap((target) => withoutHistory(tree, target, history)))
    addAround(end, domain);
  // Regions beside those that were told by name have been left with them.
  if (domain !== undefined && tree.state(domain).type === 'parallel') addRegions(domain);
  return all;
}
