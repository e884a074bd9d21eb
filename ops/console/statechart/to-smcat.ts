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
  | { readonly is: 'mark'; readonly of: string };

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
  const bySource = grouped(chart.transitions, ({ source }) => source);
  const children = grouped(chart.states, ({ parent }) => parent);
  const names = new Map<string, string>();
  const arrows: ITransition[] = [];
  const forks = new Map<string | undefined, IState[]>();

  for (const state of chart.states) {
    const lines = linesOfState(
      state,
      bySource.get(state.id) ?? [],
      options,
      state.parent === undefined ? chart.version : undefined,
    );
    names.set(state.id, named({ is: 'state', state, lines }));
  }
  const nameOf = (id: string) => names.get(id) ?? '';
  const arrow = (from: string, to: string, element: Element, lines: readonly Line[] = []) => {
    const classes = element.is === 'mark' ? 'mark' : element.is === 'leg' ? 'leg' : classesOf(element);
    arrows.push({
      // From 1: for state-machine-cat, an id of 0 is none.
      id: arrows.length + 1,
      from,
      to,
      class: `${named(element)} ${classes}`,
      ...(lines.length === 0 ? {} : { label: lines.map(({ text }) => inLabel(text)).join('\n') }),
    });
  };

  for (const transition of chart.transitions) {
    if (isInternal(transition)) continue;
    const from = nameOf(transition.source);
    const lines = linesOfTransition(transition, options);
    const element: Element = { is: 'transition', transition, lines };
    const [only, ...others] = transition.targets.map(nameOf);
    if (only !== undefined && others.length === 0) arrow(from, only, element, lines);
    else {
      const fork = named({ is: 'mark', of: transition.source });
      const parent = chart.states.find(({ id }) => id === transition.source)?.parent;
      forks.set(parent, [...(forks.get(parent) ?? []), { name: fork, type: 'fork', class: `${fork} mark` }]);
      arrow(from, fork, element, lines);
      for (const target of transition.targets) arrow(fork, nameOf(target), { is: 'leg', transition });
    }
  }

  const drawn = (state: ChartState): IState => {
    const name = nameOf(state.id);
    const [label, ...rows] = elements.get(name)?.is === 'state' ? linesOf(elements, name) : [];
    // Clear of the second line around an end.
    const margin = state.type === 'final' ? '\u00a0' : '';
    const inside = (children.get(state.id) ?? []).map(drawn);
    const [begin] = state.type === 'compound' ? state.initial : [];
    if (begin !== undefined) {
      const dot = named({ is: 'mark', of: state.id });
      inside.unshift({ name: dot, type: 'initial', class: `${dot} mark` });
      const lines =
        !options.actions || state.initialActions.length === 0
          ? []
          : [{ text: `/ ${state.initialActions.join(', ')}` }];
      arrow(dot, nameOf(begin), { is: 'mark', of: state.id }, lines as Line[]);
    }
    if (state.type === 'history')
      for (const fallback of state.initial) arrow(name, nameOf(fallback), { is: 'mark', of: state.id });
    return {
      name,
      type: typeOf(state),
      // Bold, and with a second line around it, it takes more room than Graphviz knows of.
      label: `\u00a0${label?.text ?? state.key}\u00a0`,
      class: [name, ...classesOfState(state)].join(' '),
      ...(rows.length === 0
        ? {}
        : { actions: rows.map(({ text }) => ({ type: 'activity', body: `${margin}${text}` })) }),
      ...(inside.length === 0
        ? {}
        : { statemachine: { states: [...inside, ...(forks.get(state.id) ?? [])] } }),
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

function linesOf(elements: ReadonlyMap<string, Element>, name: string): readonly Line[] {
  const element = elements.get(name);
  return element?.is === 'state' ? element.lines : [];
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

function classesOf(element: Element): string {
  return element.is === 'transition' ? `on-${element.transition.trigger}` : '';
}

/** Graphviz reads entities in labels, and puts them right beside the line. */
function inLabel(text: string): string {
  return `&#160;${text.replaceAll('&', '&amp;')}`;
}
