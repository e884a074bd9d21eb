import type { IState, IStateMachine, ITransition } from 'state-machine-cat';
import { isInternal, linesOfState, linesOfTransition, type LabelOptions, type Line } from './labels.ts';
import type { ChartState, ChartTransition, Statechart } from './statechart.ts';

/** What an element of the picture stands for. Its class in the drawing is its key here. */
export type Element =
  | { readonly is: 'state'; readonly state: ChartState; readonly lines: readonly Line[] }
  | { readonly is: 'transition'; readonly transition: ChartTransition; readonly lines: readonly Line[] }
  /** A further piece of a transition's arrow. */
  | { readonly is: 'leg'; readonly transition: ChartTransition }
  /** The dot where a compound state begins, the bar where an arrow parts, and arrows that are no transition. */
  | { readonly is: 'mark'; readonly lines: readonly Line[] };

const noWords: Element = { is: 'mark', lines: [] };

export interface SmcatDrawing {
  readonly machine: IStateMachine;
  readonly elements: ReadonlyMap<string, Element>;
}

/**
 * A statechart for state-machine-cat. States are called by numbers there: its names become names in the language of
 * Graphviz, which takes less than XState does.
 */
export function toSmcat(chart: Statechart, options: LabelOptions): SmcatDrawing {
  const elements = new Map<string, Element>();
  const named = (element: Element) => {
    const name = `e${elements.size}`;
    elements.set(name, element);
    return name;
  };
  const parents = new Map(chart.states.map(({ id, parent }) => [id, parent]));
  const children = grouped(chart.states, ({ parent }) => parent);
  const leaving = grouped(chart.transitions, ({ source }) => source);
  const boxes = new Map(
    chart.states.map((state) => {
      const version = state.parent === undefined ? chart.version : undefined;
      const lines = linesOfState(state, leaving.get(state.id) ?? [], options, version);
      return [state.id, { name: named({ is: 'state', state, lines }), lines }];
    }),
  );
  const nameOf = (id: string) => boxes.get(id)?.name ?? '';

  const arrows: ITransition[] = [];
  const arrow = (from: string, to: string, element: Element) => {
    const lines = element.is === 'transition' || element.is === 'mark' ? element.lines : [];
    arrows.push({
      // From 1: for state-machine-cat, an id of 0 is none.
      id: arrows.length + 1,
      from,
      to,
      class: [named(element), ...classesOfArrow(element, parents)].join(' '),
      ...(lines.length === 0 ? {} : { label: lines.map(({ text }) => inLabel(text)).join('\n') }),
    });
  };

  const forks = new Map<string | undefined, IState[]>();
  for (const transition of chart.transitions.filter((each) => !isInternal(each))) {
    const { source, targets } = transition;
    const element: Element = { is: 'transition', transition, lines: linesOfTransition(transition, options) };
    const [only, ...others] = targets.map(nameOf);
    if (only !== undefined && others.length === 0) {
      arrow(nameOf(source), only, element);
      continue;
    }
    const fork = named(noWords);
    // Inside a state that has an inside: that is where it leads to.
    const place = children.has(source) ? source : parents.get(source);
    forks.set(place, [...(forks.get(place) ?? []), { name: fork, type: 'fork', class: fork }]);
    arrow(nameOf(source), fork, element);
    for (const target of targets) arrow(fork, nameOf(target), { is: 'leg', transition });
  }

  /** What is drawn in a state beside its children, with its arrow. */
  const marksIn = ({ id, type, initial: [begin], initialActions }: ChartState): IState[] => {
    if (type !== 'compound' || begin === undefined) return [];
    const dot = named(noWords);
    const done = options.actions ? initialActions.join(', ') : '';
    arrow(dot, nameOf(begin), {
      is: 'mark',
      lines: done === '' ? [] : [{ text: `/ ${done}`, role: 'action' }],
    });
    return [{ name: dot, type: 'initial', class: dot }, ...(forks.get(id) ?? [])];
  };
  const drawn = (state: ChartState): IState => {
    const { name = '', lines = [] } = boxes.get(state.id) ?? {};
    const [label, ...rows] = lines;
    // Clear of the second line around an end.
    const margin = state.type === 'final' ? '\u00a0' : '';
    const actions = rows.map(({ text }) => ({ type: 'activity' as const, body: `${margin}${text}` }));
    const marks = state.type === 'parallel' ? (forks.get(state.id) ?? []) : marksIn(state);
    const inside = [...marks, ...(children.get(state.id) ?? []).map(drawn)];
    if (state.type === 'history') state.initial.forEach((fallback) => arrow(name, nameOf(fallback), noWords));
    return {
      name,
      type: typeOf(state),
      // Bold, and with a second line around it, it takes more room than Graphviz knows of.
      label: `\u00a0${label?.text ?? state.key}\u00a0`,
      class: [name, ...classesOfState(state)].join(' '),
      ...(actions.length === 0 ? {} : { actions }),
      ...(inside.length === 0 ? {} : { statemachine: { states: inside } }),
    };
  };
  const roots = (children.get(undefined) ?? []).map(drawn);
  return { machine: { states: [...roots, ...(forks.get(undefined) ?? [])], transitions: arrows }, elements };
}

function grouped<T, K>(all: readonly T[], keyOf: (each: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return groups;
}

/** An end is a box here, and not state-machine-cat's dot: ends have names, and there may be several. */
function typeOf({ type, history }: ChartState): IState['type'] {
  if (type === 'parallel') return 'parallel';
  if (type === 'history') return history === 'deep' ? 'deephistory' : 'history';
  return 'regular';
}

function classesOfState({ type, kind, parent }: ChartState): string[] {
  return [
    `is-${type}`,
    ...(kind === undefined ? [] : [`kind-${kind}`]),
    ...(parent === undefined ? ['is-root'] : []),
  ];
}

type Parents = ReadonlyMap<string, string | undefined>;

/** An arrow into a state from what is around it begins in there, at no edge that can be seen. */
function classesOfArrow(element: Element, parents: Parents): string[] {
  if (element.is !== 'transition') return [];
  const { trigger, source, targets } = element.transition;
  return [
    `on-${trigger}`,
    ...(targets.some((target) => isWithin(target, source, parents)) ? ['from-around'] : []),
  ];
}

function isWithin(id: string, around: string, parents: Parents): boolean {
  let outer = parents.get(id);
  while (outer !== undefined && outer !== around) outer = parents.get(outer);
  return outer !== undefined;
}

/** Graphviz reads entities in labels, and puts them right beside the line. */
function inLabel(text: string): string {
  return `&#160;${text.replaceAll('&', '&amp;')}`;
}
