import { textOfTransition, type Line } from './labels.ts';
import { pictureStyle } from './picture-style.ts';
import type { ChartState, ChartTransition, Statechart } from './statechart.ts';
import type { Element } from './to-smcat.ts';

/*
 * What Graphviz draws becomes a picture that can be read and worked with: each state and transition is a group with its
 * id, what is written has its role as class, and colours come from one style sheet.
 */

/** The id in the picture of a state or a transition: `state-order.paying`. What no id may have is written `:20:`. */
export function elementId(of: 'state' | 'transition', id: string): string {
  const safe = id.replaceAll(/[^\w.-]/gu, (character) => `:${character.codePointAt(0)?.toString(16) ?? ''}:`);
  return `${of}-${safe}`;
}

export function finishPicture(
  drawn: string,
  chart: Statechart,
  elements: ReadonlyMap<string, Element>,
): string {
  const [, width = '0', height = '0'] = /<svg width="([\d.]+)pt" height="([\d.]+)pt"/.exec(drawn) ?? [];
  const [, transform = ''] = /<g id="graph0"[^>]* transform="([^"]*)">/.exec(drawn) ?? [];
  const [, paper = ''] = /<polygon fill="white" stroke="none" points="([^"]*)"\/>/.exec(drawn) ?? [];
  const groups = drawn.matchAll(
    /<g id="(?:clust|node|edge)\d+" class="([^"]*)">\s*<title>[^<]*<\/title>([\s\S]*?)<\/g>/g,
  );
  const title = `${chart.id}${chart.version === undefined ? '' : `, version ${chart.version}`}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="statechart" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`Statechart of ${title}`)}" data-machine="${escaped(chart.id)}"${chart.version === undefined ? '' : ` data-version="${escaped(chart.version)}"`} font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" font-size="12">`,
    `<style>\n${pictureStyle}\n</style>`,
    `<g transform="${transform}">`,
    `<polygon class="paper" fill="#fff" points="${paper}"/>`,
    ...Array.from(groups, ([, classes = '', body = '']) => groupOf(classes, body, elements)),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function groupOf(classes: string, body: string, elements: ReadonlyMap<string, Element>): string {
  const words = classes.replaceAll('&#45;', '-').split(/\s+/);
  const name = words.find((word) => elements.has(word));
  const element = name === undefined ? undefined : elements.get(name);
  // Points without a name hold an arrow to the edge of a compound state.
  if (element === undefined) return '';
  const own = words.filter((word) => /^(is|kind|on|from)-/.test(word));
  switch (element.is) {
    case 'state':
      return stateGroup(element.state, element.lines, own, body);
    case 'transition':
      return transitionGroup(element.transition, element.lines, own, body);
    case 'leg':
      return leg(element.transition, body);
    case 'mark': {
      const parts = [shapes(body), arrow(body), ...labels(body, element.lines)];
      return ['<g class="mark">', ...parts, '</g>'].filter((part) => part !== '').join('\n');
    }
  }
}

function stateGroup(
  state: ChartState,
  lines: readonly Line[],
  classes: readonly string[],
  body: string,
): string {
  // Graphviz also draws an invisible plate under what is written.
  const [shape = ''] =
    /<(?:path|polygon) fill="none" stroke="black"[^>]*\/>/.exec(body) ?? /<ellipse [^>]*\/>/.exec(body) ?? [];
  const rules = [...body.matchAll(/<polygon fill="black" stroke="black" points="([^"]*)"\/>/g)];
  return [
    `<g id="${elementId('state', state.id)}" class="${['state', ...classes].join(' ')}" data-state="${escaped(state.id)}">`,
    `<title>${escaped(titleOf(state))}</title>`,
    shape.replace(/^<(\w+) /, '<$1 class="outline" '),
    state.type === 'final' ? inset(shape) : '',
    ...rules.map(([, points = '']) => `<polygon class="rule" points="${points}"/>`),
    ...written(body, lines),
    '</g>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function titleOf({ id, type, history, kind, tags, description, entry, exit }: ChartState): string {
  const also = [kind, ...tags.filter((tag) => tag !== kind)].filter((word) => word !== undefined);
  return [
    `${id} (${[type === 'history' ? `${history ?? ''} history` : type, ...also].join(', ')})`,
    description ?? '',
    entry.length === 0 ? '' : `entry / ${entry.join(', ')}`,
    exit.length === 0 ? '' : `exit / ${exit.join(', ')}`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function transitionGroup(
  transition: ChartTransition,
  lines: readonly Line[],
  classes: readonly string[],
  body: string,
): string {
  const texts = labels(body, lines);
  // From a compound state to itself there are two arrows, one there and one back. What is written is at the first.
  if (texts.length === 0) return leg(transition, body);
  return [
    opening(transition, classes),
    arrow(body),
    ...(classes.includes('from-around') ? [ring(body)] : []),
    ...texts,
    '</g>',
  ].join('\n');
}

/** What is written at an arrow. */
function labels(body: string, lines: readonly Line[]): string[] {
  const texts = written(body, lines);
  return texts.length === 0 ? [] : ['<g class="arrow-label" font-size="11">', ...texts, '</g>'];
}

/** Where an arrow begins in the state that it leaves. */
function ring(body: string): string {
  const [, x = '0', y = '0'] = /<path [^>]* d="M(-?[\d.]+),(-?[\d.]+)/.exec(body) ?? [];
  return `<circle class="ring" fill="#fff" stroke="#57606a" cx="${x}" cy="${y}" r="3.5"/>`;
}

function leg({ id, trigger }: ChartTransition, body: string): string {
  return `<g class="leg on-${trigger}" data-transition="${escaped(id)}">\n${arrow(body)}\n</g>`;
}

function opening(transition: ChartTransition, classes: readonly string[]): string {
  const title = `${transition.source}: ${textOfTransition(transition)}${transition.description === undefined ? '' : `\n${transition.description}`}`;
  return `<g id="${elementId('transition', transition.id)}" class="${['transition', ...classes].join(' ')}" data-transition="${escaped(transition.id)}">\n<title>${escaped(title)}</title>`;
}

function arrow(body: string): string {
  const line = /<path [^>]* d="([^"]*)"\/>/.exec(body)?.[1];
  const tips = [...body.matchAll(/<polygon [^>]* points="([^"]*)"\/>/g)];
  if (line === undefined) return '';
  return [
    `<path class="arrow" fill="none" stroke="#57606a" d="${line}"/>`,
    ...tips.map(([, points = '']) => `<polygon class="tip" points="${points}"/>`),
  ].join('\n');
}

function shapes(body: string): string {
  if (body.includes('<path')) return '';
  return [...body.matchAll(/<(ellipse|polygon) [^>]*\/>/g)]
    .map(([shape]) => shape.replace(/^<(\w+) /, '<$1 class="shape" '))
    .join('\n');
}

/** The lines in their order, each with its role. Those of a transition within a state are a group of their own. */
function written(body: string, lines: readonly Line[]): string[] {
  const texts = [
    ...body.matchAll(/<text [^>]*?( text-anchor="\w+")? x="([^"]*)" y="([^"]*)"[^>]*>([^<]*)<\/text>/g),
  ]
    .map(([, anchor = '', x = '', y = '', text = '']) => ({
      at: `${anchor} x="${x}" y="${y}"`,
      text: text.replace(/(\s|&#160;)+$/, ''),
    }))
    .filter(({ text }) => text !== '');
  const parts: string[] = [];
  let within: string | undefined;
  texts.forEach(({ at, text }, index) => {
    const line = lines[index];
    if (within !== undefined && line?.transition?.id !== within) parts.push('</g>');
    if (line?.transition !== undefined && line.transition.id !== within)
      parts.push(opening(line.transition, ['internal', `on-${line.transition.trigger}`]));
    within = line?.transition?.id;
    parts.push(`<text class="${line?.role ?? 'name'}"${at}>${text}</text>`);
  });
  return within === undefined ? parts : [...parts, '</g>'];
}

/** The second line around an end. */
function inset(shape: string): string {
  const numbers = (/ (?:d|points)="([^"]*)"/.exec(shape)?.[1] ?? '').match(/-?[\d.]+/g)?.map(Number) ?? [];
  const xs = numbers.filter((_, index) => index % 2 === 0);
  const ys = numbers.filter((_, index) => index % 2 === 1);
  const [left, top] = [Math.min(...xs) + 3, Math.min(...ys) + 3];
  const [width, height] = [Math.max(...xs) - 3 - left, Math.max(...ys) - 3 - top];
  const rounded = [left, top, width, height].map((each) => each.toFixed(1));
  return `<rect class="outline inset" fill="none" stroke="#57606a" x="${rounded[0] ?? ''}" y="${rounded[1] ?? ''}" width="${rounded[2] ?? ''}" height="${rounded[3] ?? ''}" rx="9"/>`;
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
