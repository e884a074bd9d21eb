import type { ChartState, ChartTransition, Kind } from './statechart.ts';

/* What is written in a box and at an arrow, line by line. A line's role is its class in the picture. */

export interface Line {
  readonly text: string;
  readonly role: 'name' | 'description' | 'action' | 'event' | 'guard' | 'internal';
  /** Of a transition that is a line in its state's box. */
  readonly transition?: ChartTransition;
}

/** Longer lines are broken between words; what is too long for these lines ends in … and is whole in the tooltip. */
const width = 34;
const maxLines = 3;

const signs: Readonly<Record<Kind, string>> = { compensation: '↩ ', completed: '✓ ', failed: '✕ ' };

/** It stays in its state: nothing is left or entered, so there is nowhere for an arrow to lead. */
export function isInternal({ targets }: ChartTransition): boolean {
  return targets.length === 0;
}

export interface LabelOptions {
  /** Also what is done on the way: on entry, on exit and by transitions. */
  readonly actions: boolean;
}

export function linesOfState(
  state: ChartState,
  transitions: readonly ChartTransition[],
  options: LabelOptions,
  version?: string,
): Line[] {
  const { entry, exit } = options.actions ? state : { entry: [], exit: [] };
  const sign = state.kind === undefined ? '' : signs[state.kind];
  return [
    {
      text: cut(
        `${sign}${visible(state.key)}${version === undefined ? '' : `, version ${version}`}`,
        width * 2,
      ),
      role: 'name',
    },
    ...broken(state.description ?? '', 'description'),
    ...state.invokes.flatMap((invoked) => broken(`invoke / ${invoked}`, 'action')),
    ...(entry.length === 0 ? [] : broken(`entry / ${entry.join(', ')}`, 'action')),
    ...(exit.length === 0 ? [] : broken(`exit / ${exit.join(', ')}`, 'action')),
    ...transitions
      .filter(isInternal)
      .flatMap((transition) =>
        broken(textOfTransition(transition, options), 'internal').map((line) => ({ ...line, transition })),
      ),
  ];
}

export function linesOfTransition(transition: ChartTransition, options: LabelOptions): Line[] {
  const { trigger, label, guard, reenter } = transition;
  const actions = options.actions ? transition.actions : [];
  // Where a guard says when, `always` says nothing more.
  const event = trigger === 'always' && guard !== undefined ? '' : `${visible(label)}${reenter ? ' ↻' : ''}`;
  return [
    ...broken(event, 'event'),
    ...(guard === undefined ? [] : broken(`[${guard}]`, 'guard')),
    ...(actions.length === 0 ? [] : broken(`/ ${actions.join(', ')}`, 'action')),
  ];
}

/** In one line, whole: for tooltips, and for who can't see the picture. */
export function textOfTransition(
  { label, guard, actions, forbidden }: ChartTransition,
  options: LabelOptions = { actions: true },
): string {
  return [
    visible(label),
    guard === undefined ? '' : `[${guard}]`,
    forbidden ? '(ignored)' : '',
    actions.length === 0 || !options.actions ? '' : `/ ${actions.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** A name that can't be seen is quoted, so that there is something to see. */
function visible(name: string): string {
  return name.trim() === '' ? JSON.stringify(name) : name;
}

function broken(text: string, role: Line['role']): Line[] {
  const lines: string[] = [];
  for (const word of printable(text).split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(cut(word, width + 6));
  }
  if (lines.length > maxLines) lines.splice(maxLines - 1, lines.length, `${lines[maxLines - 1] ?? ''} …`);
  return lines.map((line) => ({ text: line, role }));
}

function cut(text: string, length: number): string {
  const clean = printable(text);
  const characters = Array.from(clean);
  return characters.length <= length ? clean : `${characters.slice(0, length - 1).join('')}…`;
}

/** XML has no place for these, and half a pair of surrogates is no character. */
function printable(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}
