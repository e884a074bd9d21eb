/** A place where an arrow begins or ends: the middle of a side of a box, or a share of the way along it. */
export type Anchor = `${string}.${Side}` | `${string}.${Side}@${number}`;
type Side = 'left' | 'right' | 'top' | 'bottom';
type Point = readonly [x: number, y: number];

export interface Box {
  /** Left edge, top edge, width, height. */
  readonly at: readonly [number, number, number, number];
  readonly title: string;
  readonly lines?: readonly string[];
  /** What it is: the colour. A `frame` stands behind others. */
  readonly kind: 'outside' | 'process' | 'store' | 'frame';
}

export interface Arrow {
  readonly from: Anchor;
  readonly to: Anchor;
  readonly label?: string;
  /** Default: halfway. */
  readonly labelAt?: Point;
  /** Corners on the way. */
  readonly via?: readonly Point[];
}

/** A picture of a document: boxes and what goes between them. */
export interface Picture {
  /** What a reader who can't see it is told. */
  readonly description: string;
  readonly size: readonly [width: number, height: number];
  readonly boxes: Readonly<Record<string, Box>>;
  readonly arrows: readonly Arrow[];
}

const colours = {
  outside: { fill: '#f6f8fa', line: '#8c959f' },
  process: { fill: '#ddf4ff', line: '#0969da' },
  store: { fill: '#fff8c5', line: '#9a6700' },
  frame: { fill: '#ffffff', line: '#d0d7de' },
} as const;
const lineHeight = 16;

/** As SVG that needs nothing but itself. */
export function drawPicture({ description, size: [width, height], boxes, arrows }: Picture): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `  <title>${escaped(description)}</title>`,
    '  <defs>',
    '    <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">',
    '      <path d="M0 0 8 4 0 8Z" fill="#57606a"/>',
    '    </marker>',
    '  </defs>',
    `  <rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    ...Object.values(boxes).flatMap(drawBox),
    ...arrows.map((arrow) => drawLine(arrow, boxes)),
    // Above all lines, so that none crosses a word.
    ...arrows.flatMap((arrow) => drawLabel(arrow, boxes)),
    '</svg>',
    '',
  ].join('\n');
}

function drawBox({ at: [x, y, width, height], title, lines = [], kind }: Box): string[] {
  const { fill, line } = colours[kind];
  const middle = x + width / 2;
  const top = kind === 'frame' ? y + 19 : y + (height - lines.length * lineHeight) / 2 + 4;
  return [
    `  <rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="${line}"/>`,
    text([middle, top], title, 'font-weight="bold" fill="#1f2328"'),
    ...lines.map((words, index) => text([middle, top + (index + 1) * lineHeight], words, 'fill="#424a53"')),
  ];
}

function drawLine({ from, to, via = [] }: Arrow, boxes: Picture['boxes']): string {
  const points = [pointOf(from, boxes), ...via, pointOf(to, boxes)].map(([x, y]) => `${x} ${y}`);
  return `  <path d="M${points.join(' ')}" fill="none" stroke="#57606a" stroke-width="1.5" marker-end="url(#tip)"/>`;
}

function drawLabel({ from, to, via = [], label, labelAt }: Arrow, boxes: Picture['boxes']): string[] {
  if (label === undefined) return [];
  const [x1, y1] = pointOf(from, boxes);
  const [x2, y2] = via[0] ?? pointOf(to, boxes);
  const halo = 'fill="#1f2328" stroke="#ffffff" stroke-width="4" paint-order="stroke"';
  return [text(labelAt ?? [(x1 + x2) / 2, (y1 + y2) / 2 - 6], label, halo)];
}

function pointOf(anchor: Anchor, boxes: Picture['boxes']): Point {
  const [, name = '', side, share = '0.5'] = /^(\w+)\.(\w+)(?:@(.+))?$/.exec(anchor) ?? [];
  const box = boxes[name];
  if (box === undefined) throw new Error(`The picture has no box ${name}.`);
  const [x, y, width, height] = box.at;
  const along = Number(share);
  if (side === 'left') return [x, y + height * along];
  if (side === 'right') return [x + width, y + height * along];
  return [x + width * along, side === 'top' ? y : y + height];
}

function text([x, y]: Point, words: string, style: string): string {
  return `  <text x="${x}" y="${y}" text-anchor="middle" ${style}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
