import { kinds, StatechartError, triggers, type Statechart } from './statechart.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const one =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const state: Readonly<Record<string, Check>> = {
  id: text,
  key: text,
  parent: maybe(text),
  type: one('atomic', 'compound', 'parallel', 'final', 'history'),
  history: maybe(one('shallow', 'deep')),
  initial: texts,
  initialActions: texts,
  kind: maybe(one(...kinds)),
  tags: texts,
  description: maybe(text),
  entry: texts,
  exit: texts,
  invokes: texts,
};

const transition: Readonly<Record<string, Check>> = {
  id: text,
  source: text,
  targets: texts,
  trigger: one(...triggers),
  event: text,
  label: text,
  guard: maybe(text),
  actions: texts,
  reenter: flag,
  forbidden: flag,
  description: maybe(text),
};

/** A chart that travelled as JSON. */
export function isStatechart(value: unknown): value is Statechart {
  return isObject(value) && Array.isArray(value['states']) && Array.isArray(value['transitions']);
}

/** Throws `StatechartError`, with the place, where it is none. */
export function parseStatechart(chart: Statechart): Statechart {
  if (!text(chart.id) || !maybe(text)(chart.version)) fail('The chart: id and version are texts');
  chart.states.forEach((each, index) => checkShape(each, state, `states[${index}]`));
  chart.transitions.forEach((each, index) => checkShape(each, transition, `transitions[${index}]`));
  const [root, ...others] = chart.states;
  if (root === undefined || root.parent !== undefined) fail('states[0]: is not the root');
  const known = new Set([root.id]);
  for (const { id, parent } of others) {
    if (parent === undefined || !known.has(parent)) fail(`${id}: its parent does not come before it`);
    if (known.has(id)) fail(`${id}: there are two states of this id`);
    known.add(id);
  }
  checkReferences(chart, known);
  return chart;
}

/** Throws where something leads to a state that is not there, or two transitions have one id. */
export function checkReferences({ states, transitions }: Statechart, known: ReadonlySet<string>): void {
  const ids = new Set<string>();
  for (const { id, source } of transitions) {
    if (ids.has(id)) fail(`${id}: there are two transitions of this id`);
    if (!known.has(source)) fail(`${id}: begins at ${source}, which the machine has not`);
    ids.add(id);
  }
  const leading = [
    ...states.map(({ id, initial }) => ({ id, targets: initial })),
    ...transitions.map(({ id, targets }) => ({ id, targets })),
  ];
  for (const { id, targets } of leading) {
    const missing = targets.find((target) => !known.has(target));
    if (missing !== undefined) fail(`${id}: leads to ${missing}, which the machine has not`);
  }
}

function checkShape(value: unknown, shape: Readonly<Record<string, Check>>, place: string): void {
  if (!isObject(value)) return fail(`${place}: is no object`);
  const wrong = Object.entries(shape).find(([name, check]) => !check(value[name]));
  if (wrong !== undefined) fail(`${place}: ${wrong[0]} is not what it should be`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(sentence: string): never {
  throw new StatechartError(`${sentence}.`);
}
