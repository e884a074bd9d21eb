import { tracePath, type Counts, type Statechart, type StateValue } from 'trolley-statechart';
import type { SagaMove } from './saga-source.ts';
import type { SagaTold } from './saga-watch.ts';

/** `compensating.refunding` → `{ compensating: 'refunding' }` */
export function valueNamed(state: string): StateValue {
  const [inner = '', ...around] = state.split('.').reverse();
  return around.reduce<StateValue>((value, key) => ({ [key]: value }), inner);
}

/** What is told of sagas, as numbers at the elements of their chart; for one page that shows it. */
export function chartCounts(
  chart: Statechart,
): (told: SagaTold) => Counts & Omit<SagaTold, 'flows' | 'moved'> {
  const version = chart.version ?? '';
  const ways = new Map<string, readonly string[]>();
  const finals = new Set(chart.states.filter(({ type }) => type === 'final').map(({ id }) => id));
  function wayOf({ from, event, to }: Omit<SagaMove, 'at'>): readonly string[] {
    const name = JSON.stringify([from, event, to]);
    const known = ways.get(name);
    if (known !== undefined) return known;
    const { steps } = tracePath(chart, [{ state: valueNamed(from) }, { event, state: valueNamed(to) }]);
    const found = steps[1]?.transitions ?? [];
    ways.set(name, found);
    return found;
  }
  return ({ running, flows, moved, ...rest }) => {
    const states: Record<string, number> = {};
    const transitions: Record<string, number> = {};
    for (const { state, count, version: of } of running) {
      if (of !== version) continue;
      const keys = state.split('.');
      for (let depth = 1; depth <= keys.length; depth++) {
        const id = [chart.id, ...keys.slice(0, depth)].join('.');
        states[id] = (states[id] ?? 0) + count;
      }
    }
    // Of ends, who came there since somebody looks.
    for (const { to, count, version: of } of moved) {
      const id = `${chart.id}.${to}`;
      if (of === version && finals.has(id)) states[id] = (states[id] ?? 0) + count;
    }
    for (const flow of flows) {
      if (flow.version !== version) continue;
      for (const id of wayOf(flow)) transitions[id] = (transitions[id] ?? 0) + flow.perSecond;
    }
    return { states, transitions, running, ...rest };
  };
}
