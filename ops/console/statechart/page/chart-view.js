/*
 * A statechart on a page: its picture, live counts in it, and the path of a run lit up. `chart-view.css` and the style
 * sheet of the picture go with it. For any page that has a chart (`readMachine`), its SVG and what `tracePath` tells.
 */

const svgNamespace = 'http://www.w3.org/2000/svg';

/** The picture as an element. Its states take the focus; what they are called is what is written in them. */
export function pictureOf(text) {
  // The page has the same style sheet, and its policy lets none run that stands in a document.
  const bare = text.replace(/<style>[^<]*<\/style>/, '');
  const parsed = new DOMParser().parseFromString(bare, 'image/svg+xml').documentElement;
  const svg = document.importNode(parsed, true);
  svg.setAttribute('role', 'group');
  for (const group of svg.querySelectorAll('.state:not(.is-root)')) {
    group.setAttribute('tabindex', '0');
    group.setAttribute('role', 'button');
  }
  return svg;
}

function svgElement(name, attributes, text) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** How many are in each state, and at each transition what `flowInWords` makes of its number. */
export function showCounts(svg, counts, flowInWords = (count) => `×${count.toLocaleString()}`) {
  svg.querySelectorAll('.count, .flow').forEach((old) => old.remove());
  for (const [id, count] of Object.entries(counts.states ?? {})) {
    const group = svg.querySelector(`[data-state="${CSS.escape(id)}"]`);
    const outline = group?.querySelector('.outline');
    if (!outline || count === 0) continue;
    const text = count.toLocaleString();
    const { x, y, width } = outline.getBBox();
    const wide = text.length * 6.5 + 8;
    const badge = svgElement('g', { class: 'count' });
    badge.append(
      svgElement('rect', { x: x + width - wide + 6, y: y - 8, width: wide, height: 16, rx: 8 }),
      svgElement('text', { x: x + width - wide / 2 + 6, y: y + 4, 'text-anchor': 'middle' }, text),
    );
    group.append(badge);
  }
  for (const [id, count] of Object.entries(counts.transitions ?? {})) {
    const words = svg.querySelector(`.transition[data-transition="${CSS.escape(id)}"] text`);
    if (words !== null && count > 0)
      words.append(svgElement('tspan', { class: 'flow' }, ` ${flowInWords(count)}`));
  }
}

export function clearPath(svg) {
  for (const name of ['active', 'visited', 'taken'])
    svg.querySelectorAll(`.${name}`).forEach((old) => old.classList.remove(name));
}

/** Lights up the path up to the last of these steps. Returns what is active then, or null. */
export function lightPath(svg, chart, steps) {
  clearPath(svg);
  const light = (attribute, ids, name) => {
    for (const id of ids)
      svg.querySelectorAll(`[${attribute}="${CSS.escape(id)}"]`).forEach((each) => each.classList.add(name));
  };
  light(
    'data-state',
    steps.flatMap(({ active }) => active),
    'visited',
  );
  const active = steps.at(-1)?.active ?? [];
  const inner = active.filter(
    (id) => !chart.states.some(({ id: child, parent }) => parent === id && active.includes(child)),
  );
  light('data-state', inner, 'active');
  light(
    'data-transition',
    steps.flatMap(({ transitions }) => transitions),
    'taken',
  );
  return svg.querySelector('.active');
}

/** In the middle of what can be seen of the picture, and nothing but the picture moves. */
export function bringIntoView(frame, group) {
  const outer = frame.getBoundingClientRect();
  const box = group.getBoundingClientRect();
  frame.scrollBy(
    box.x + box.width / 2 - outer.x - outer.width / 2,
    box.y + box.height / 2 - outer.y - outer.height / 2,
  );
}

/** `Reserve.done [nothingToPay] → confirming` */
export function wordsOf(chart, { label, guard, targets }) {
  const keys = targets.map((id) => chart.states.find((state) => state.id === id)?.key ?? id);
  return [label, guard === undefined ? '' : `[${guard}]`, keys.length === 0 ? '' : `→ ${keys.join(', ')}`]
    .join(' ')
    .trim();
}

export function duration(ms) {
  if (ms === undefined) return '';
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}
