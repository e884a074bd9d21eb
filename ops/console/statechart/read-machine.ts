import {
  kinds,
  StatechartError,
  type ChartState,
  type ChartTransition,
  type Kind,
  type Statechart,
} from './statechart.ts';
import type { Trigger } from './statechart.ts';
import { checkReferences, isStatechart, parseStatechart } from './parse-statechart.ts';
import { actionInWords, delayInWords, guardInWords } from './wording.ts';

/**
 * A node of an XState 5 machine: of the live one, or of its `definition`, also after it travelled as JSON. Nothing of
 * XState is imported, so any copy and any 5.x of it will do.
 */
interface Node {
  readonly id: string;
  readonly key: string;
  readonly type: ChartState['type'];
  readonly states: Readonly<Record<string, unknown>>;
  readonly [property: string]: unknown;
}

export interface ReadOptions {
  /** What tags of the machine mean, beside those that are called like a kind: `{ undo: 'compensation' }`. */
  readonly tags?: Readonly<Record<string, Kind>>;
}

/**
 * What a machine of XState 5 is: `readMachine(machine)`.
 *
 * Also takes `machine.definition`. XState leaves out of that what `always` says and what a history state falls back to:
 * over the wire send what this returns, which it also takes.
 *
 * A state is of a kind when one of its tags, or `meta.kind`, says so.
 */
export function readMachine(machine: unknown, { tags = {} }: ReadOptions = {}): Statechart {
  if (isStatechart(machine)) return parseStatechart(machine);
  const given = machine as { root?: unknown; version?: unknown; id?: unknown } | null | undefined;
  const root = asNode(given?.root ?? given, 'The machine');
  const version = given?.version ?? root['version'];
  const states: ChartState[] = [];
  const transitions: ChartTransition[] = [];
  const ids = new Set<string>();
  // Not recursion: a machine from the wire may be as deep as it likes.
  const waiting: { node: Node; parent?: Node }[] = [{ node: root }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, parent } = next;
    if (ids.has(node.id)) throw new StatechartError(`Two states have the id ${node.id}.`);
    ids.add(node.id);
    states.push(stateOf(node, parent, tags));
    transitions.push(...transitionsOf(node));
    const children = Object.entries(node.states).map(([key, child]) => asNode(child, `${node.id}.${key}`));
    waiting.push(...children.reverse().map((child) => ({ node: child, parent: node })));
  }
  const chart = { id: root.id, ...(typeof version === 'string' ? { version } : {}), states, transitions };
  checkReferences(chart, ids);
  return chart;
}

const types: readonly string[] = ['atomic', 'compound', 'parallel', 'final', 'history'];

function asNode(value: unknown, place: string): Node {
  const node = value as Partial<Node> | null | undefined;
  if (
    typeof node !== 'object' ||
    node === null ||
    typeof node.id !== 'string' ||
    typeof node.key !== 'string'
  )
    throw new StatechartError(`${place} is no machine of XState 5, and no definition of one.`);
  const { type } = node;
  if (type === undefined || !types.includes(type))
    throw new StatechartError(`${place} is of type ${String(type)}, which no state of XState 5 is.`);
  return { ...node, id: node.id, key: node.key, type, states: node.states ?? {}, ...lazy(node) };
}

/** What XState works out when it is asked: getters, which a copy of the node does not have. */
function lazy({ initial, invoke }: Partial<Node>) {
  return { initial, invoke };
}

function stateOf(node: Node, parent: Node | undefined, meanings: Readonly<Record<string, Kind>>): ChartState {
  const tags = list(node['tags']).map(String);
  const kind = kindOf([...tags, (node['meta'] as { kind?: unknown } | undefined)?.kind], meanings);
  const { description } = node;
  return {
    id: node.id,
    key: node.key,
    ...(parent === undefined ? {} : { parent: parent.id }),
    type: node.type,
    ...(node.type === 'history' ? { history: node['history'] === 'deep' ? 'deep' : 'shallow' } : {}),
    initial: initialOf(node, parent),
    ...(kind === undefined ? {} : { kind }),
    tags,
    ...(typeof description === 'string' && description !== '' ? { description } : {}),
    initialActions: actionsOf((node['initial'] as Transition | undefined)?.actions),
    entry: withoutDelays(node, actionsOf(node['entry'])),
    exit: withoutDelays(node, actionsOf(node['exit'])),
    invokes: list(node['invoke']).map(invokedIn),
  };
}

function kindOf(words: readonly unknown[], meanings: Readonly<Record<string, Kind>>): Kind | undefined {
  const named = words.filter((word) => typeof word === 'string');
  return (
    named.map((word) => (Object.hasOwn(meanings, word) ? meanings[word] : undefined)).find(Boolean) ??
    kinds.find((kind) => named.includes(kind))
  );
}

function initialOf(node: Node, parent: Node | undefined): string[] {
  if (node.type === 'compound')
    return targetsOf((node['initial'] as { target?: unknown } | undefined)?.target);
  const fallback = (node['config'] as { target?: unknown } | undefined)?.target;
  if (node.type !== 'history' || typeof fallback !== 'string') return [];
  if (fallback.startsWith('#')) return [fallback.slice(1)];
  const sibling = parent?.states[fallback] as { id?: unknown } | undefined;
  return typeof sibling?.id === 'string' ? [sibling.id] : [];
}

/** Each `after` is an event that XState raises late, and takes back on exit: it adds these two behind the machine's own. */
function withoutDelays(node: Node, actions: readonly string[]): string[] {
  const delays = Object.keys(transitionsByEvent(node)).filter((event) => event.startsWith('xstate.after.'));
  return actions.slice(0, Math.max(0, actions.length - delays.length));
}

interface Transition {
  readonly target?: unknown;
  readonly guard?: unknown;
  readonly actions?: unknown;
  readonly reenter?: unknown;
  readonly delay?: unknown;
  readonly description?: unknown;
}

function transitionsByEvent({ transitions, on, always }: Node): Record<string, Transition[]> {
  const found = Object.fromEntries(
    transitions instanceof Map ? transitions : Object.entries((on ?? {}) as Record<string, unknown>),
  ) as Record<string, unknown>;
  const byEvent = Object.entries(found).map(([event, each]) => [event, list(each) as Transition[]] as const);
  return Object.fromEntries([...byEvent, ['', list(always) as Transition[]]]);
}

function transitionsOf(node: Node): ChartTransition[] {
  return Object.entries(transitionsByEvent(node)).flatMap(([event, candidates]) =>
    candidates.map((candidate, index) => transitionOf(node, event, candidate, index)),
  );
}

function transitionOf(node: Node, event: string, from: Transition, index: number): ChartTransition {
  const targets = targetsOf(from.target);
  const actions = actionsOf(from.actions);
  return {
    id: [node.id, event, String(index)].map((part) => part.replace(/[%/]/g, encodeURIComponent)).join('/'),
    source: node.id,
    targets,
    ...triggerOf(node, event, from),
    event,
    ...(from.guard === undefined ? {} : { guard: guardInWords(from.guard) }),
    actions,
    reenter: from.reenter === true,
    forbidden: from.target === undefined && actions.length === 0 && from.guard === undefined && event !== '',
    ...(typeof from.description === 'string' ? { description: from.description } : {}),
  };
}

function triggerOf(node: Node, event: string, { delay }: Transition): { trigger: Trigger; label: string } {
  if (event === '') return { trigger: 'always', label: 'always' };
  const [, after] = /^xstate\.after\.(.*)$/s.exec(event) ?? [];
  if (after !== undefined) {
    const written = after.endsWith(`.${node.id}`) ? after.slice(0, -node.id.length - 1) : after;
    return { trigger: 'after', label: `after ${delayInWords(delay ?? written)}` };
  }
  if (event.startsWith('xstate.done.state.')) return { trigger: 'state-done', label: 'done' };
  const [, what, actor = ''] = /^xstate\.(done\.actor|error\.actor|snapshot)\.(.*)$/s.exec(event) ?? [];
  if (what === undefined) return { trigger: 'event', label: event };
  const trigger = what === 'snapshot' ? what : what === 'done.actor' ? 'done' : 'error';
  const invoked = list(node['invoke']).find((each) => (each as { id?: unknown }).id === actor);
  return { trigger, label: `${trigger}: ${invoked === undefined ? actor : invokedIn(invoked)}` };
}

/** The source's name, where it has one; else the id that the child has. */
function invokedIn(invoke: unknown): string {
  const { src, id } = invoke as { src?: unknown; id?: unknown };
  if (typeof src === 'string' && !src.startsWith('xstate.invoke.')) return src;
  return typeof id === 'string' && !/^\d+\./.test(id) ? id : 'inline actor';
}

function targetsOf(target: unknown): string[] {
  return list(target).map((each) =>
    typeof each === 'string' ? each.replace(/^#/, '') : String((each as { id?: unknown }).id),
  );
}

function actionsOf(actions: unknown): string[] {
  return list(actions).map(actionInWords);
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
