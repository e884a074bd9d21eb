import type { ChartTree } from './chart-tree.ts';
import type { ChartTransition } from './statechart.ts';

/*
 * What may be taken of what is active. A chart knows guards by name only, so there is an option for each way in which
 * they may have held; an empty one where nothing may be taken.
 */

type Option = readonly ChartTransition[];

/** More than these are the combinations of a great many regions, of which one is as good as the other. */
const maxOptions = 500;

export function matches({ event: descriptor, trigger }: ChartTransition, event: string): boolean {
  if (trigger === 'always') return false;
  if (descriptor === event || descriptor === '*') return true;
  return descriptor.endsWith('.*') && `${event}.`.startsWith(descriptor.slice(0, -1));
}

/** What the active states wait for. */
export function eventsOf(tree: ChartTree, active: ReadonlySet<string>): string[] {
  const leaving = [...active].flatMap((id) => tree.leaving(id)).filter(({ trigger }) => trigger !== 'always');
  return [...new Set(leaving.map(({ event }) => event))];
}

/** By an event: an inner state has it before those around it, and regions each have it. */
export function eventOptions(tree: ChartTree, active: ReadonlySet<string>, event: string): readonly Option[] {
  const within = (id: string): readonly Option[] => {
    const inner = combined(
      tree
        .regions(id)
        .filter((region) => active.has(region.id))
        .map((region) => within(region.id)),
    );
    return inner.flatMap((option) =>
      option.length > 0 ? [option] : own(bySpecificity(tree.leaving(id), event)),
    );
  };
  return within(tree.root);
}

/** Without an event. */
export function alwaysOptions(tree: ChartTree, active: ReadonlySet<string>): readonly Option[] {
  const atoms = tree.inOrder(active).filter((id) => tree.regions(id).length === 0);
  return combined(
    atoms.map((atom) =>
      own(
        [atom, ...tree.ancestors(atom)].flatMap((id) => tree.leaving(id).filter(({ event }) => event === '')),
      ),
    ),
  );
}

/** In the order in which they are asked: the first without a guard is the last, and without such a one there may be none. */
function own(candidates: readonly ChartTransition[]): readonly Option[] {
  const sure = candidates.findIndex(({ guard }) => guard === undefined);
  const options = (sure === -1 ? candidates : candidates.slice(0, sure + 1)).map((candidate) => [candidate]);
  return sure === -1 ? [...options, []] : options;
}

/** One of each. A transition that several chose is taken once. */
function combined(choices: readonly (readonly Option[])[]): readonly Option[] {
  let all: readonly Option[] = [[]];
  for (const options of choices) {
    all = all
      .flatMap((chosen) => options.map((option) => [...new Set([...chosen, ...option])]))
      .slice(0, maxOptions);
  }
  return all;
}

/** The event's own name first, then the longer descriptor: `mouse.*` before `*`. */
function bySpecificity(transitions: readonly ChartTransition[], event: string): ChartTransition[] {
  const rank = ({ event: descriptor }: ChartTransition) =>
    descriptor === event ? Infinity : descriptor.length;
  return transitions
    .filter((transition) => matches(transition, event))
    .sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
}
