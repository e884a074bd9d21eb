import type { ChartState, ChartTransition, Statechart } from './statechart.ts';

/** A chart with its relations looked up once. */
export class ChartTree {
  readonly chart: Statechart;
  readonly root: string;
  readonly #states: ReadonlyMap<string, ChartState>;
  readonly #order: ReadonlyMap<string, number>;
  readonly #children = new Map<string, ChartState[]>();
  readonly #leaving = new Map<string, ChartTransition[]>();

  constructor(chart: Statechart) {
    this.chart = chart;
    this.root = chart.states[0]?.id ?? '';
    this.#states = new Map(chart.states.map((state) => [state.id, state]));
    this.#order = new Map(chart.states.map(({ id }, index) => [id, index]));
    for (const state of chart.states) {
      this.#children.set(state.id, []);
      this.#leaving.set(state.id, []);
      if (state.parent !== undefined) this.#children.get(state.parent)?.push(state);
    }
    for (const transition of chart.transitions) this.#leaving.get(transition.source)?.push(transition);
  }

  state(id: string): ChartState {
    const state = this.#states.get(id);
    if (state === undefined) throw new RangeError(`${this.root} has no state ${id}`);
    return state;
  }

  has(id: string): boolean {
    return this.#states.has(id);
  }

  children(id: string): readonly ChartState[] {
    return this.#children.get(id) ?? [];
  }

  /** Those that can be active: all but history. */
  regions(id: string): readonly ChartState[] {
    return this.children(id).filter(({ type }) => type !== 'history');
  }

  leaving(id: string): readonly ChartTransition[] {
    return this.#leaving.get(id) ?? [];
  }

  /** The parent first, the root last. */
  ancestors(id: string): string[] {
    const found: string[] = [];
    for (let next = this.state(id).parent; next !== undefined; next = this.state(next).parent)
      found.push(next);
    return found;
  }

  isWithin(id: string, around: string): boolean {
    return this.ancestors(id).includes(around);
  }

  inOrder(ids: Iterable<string>): string[] {
    const place = (id: string) => this.#order.get(id) ?? 0;
    return [...ids].sort((a, b) => place(a) - place(b));
  }
}
