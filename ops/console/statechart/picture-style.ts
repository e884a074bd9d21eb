/*
 * How a picture looks: light and dark, by the reader's own setting. A page that shows it inline may set any of the
 * custom properties, and the classes `active`, `visited` and `taken` on states and transitions.
 */

const light = {
  paper: '#ffffff',
  box: '#ffffff',
  inside: '#f6f8fa',
  ink: '#1f2328',
  faint: '#59636e',
  line: '#59636e',
  event: '#0550ae',
  guard: '#8a4600',
  compensation: '#9a6700',
  'compensation-box': '#fff8e5',
  completed: '#1a7f37',
  'completed-box': '#eafbee',
  failed: '#cf222e',
  'failed-box': '#fff0ee',
  active: '#0969da',
  'active-box': '#ddf4ff',
};

const dark: typeof light = {
  paper: '#0d1117',
  box: '#161b22',
  inside: '#11161d',
  ink: '#e6edf3',
  faint: '#9198a1',
  line: '#8b949e',
  event: '#79c0ff',
  guard: '#e3a76b',
  compensation: '#d29922',
  'compensation-box': '#2a2111',
  completed: '#3fb950',
  'completed-box': '#10261a',
  failed: '#ff7b72',
  'failed-box': '#2d1618',
  active: '#58a6ff',
  'active-box': '#10294a',
};

/** Of one theme: what a reader's setting says, or what the page asks for by `data-theme` on the picture or around it. */
function properties(colours: typeof light): string {
  return Object.entries(colours)
    .map(([name, colour]) => `--statechart-${name}:${colour}`)
    .join(';');
}

const of = (name: keyof typeof light) => `var(--statechart-${name})`;

const kindRules = (['compensation', 'completed', 'failed'] as const).flatMap((kind) => [
  `.statechart .kind-${kind}>.outline{stroke:${of(kind)};fill:${of(`${kind}-box`)}}`,
  `.statechart .kind-${kind}>.name{fill:${of(kind)}}`,
]);

export const pictureStyle = [
  // Without weight, so that any rule of a page wins.
  `:where(.statechart){${properties(light)}}`,
  `@media (prefers-color-scheme:dark){:where(.statechart){${properties(dark)}}}`,
  `:where([data-theme=light] .statechart){${properties(light)}}`,
  `:where([data-theme=dark] .statechart){${properties(dark)}}`,
  `.statechart text{fill:${of('ink')}}`,
  `.statechart .paper{fill:${of('paper')}}`,
  `.statechart .outline{stroke:${of('line')};stroke-width:1.5;fill:${of('box')}}`,
  `.statechart .is-compound>.outline,.statechart .is-parallel>.outline{fill:${of('inside')}}`,
  // A region of a parallel state.
  '.statechart polygon.outline{stroke-dasharray:4 3;stroke-width:1}',
  `.statechart .is-root>.outline{stroke-width:1;fill:${of('paper')}}`,
  `.statechart .rule{fill:${of('line')};stroke:${of('line')};stroke-width:.5}`,
  ...kindRules,
  '.statechart .state>.inset{fill:none;stroke-width:1}',
  '.statechart .kind-compensation>.outline{stroke-dasharray:6 3}',
  '.statechart .kind-failed>.inset{stroke-dasharray:2 2}',
  '.statechart .name{font-weight:600}',
  `.statechart .description{fill:${of('faint')};font-style:italic}`,
  `.statechart .action{fill:${of('faint')}}`,
  `.statechart .event,.statechart .internal>text{fill:${of('event')}}`,
  `.statechart .guard{fill:${of('guard')}}`,
  // A line that passes behind a word leaves a gap.
  `.statechart .arrow-label text{paint-order:stroke;stroke:${of('paper')};stroke-width:3px;stroke-linejoin:round}`,
  `.statechart .arrow{stroke:${of('line')};fill:none}`,
  `.statechart .tip,.statechart .mark>.shape{fill:${of('line')};stroke:${of('line')}}`,
  `.statechart .ring{stroke:${of('line')};fill:${of('paper')};stroke-width:1.5}`,
  '.statechart .on-always>.arrow{stroke-dasharray:1 3;stroke-linecap:round;stroke-width:1.5}',
  '.statechart .on-after>.arrow{stroke-dasharray:5 3}',
  `.statechart .on-error>.arrow{stroke:${of('failed')}}`,
  `.statechart .on-error>.tip{fill:${of('failed')};stroke:${of('failed')}}`,
  `.statechart .visited>.outline{stroke:${of('active')}}`,
  `.statechart .active>.outline{stroke:${of('active')};stroke-width:3;fill:${of('active-box')}}`,
  `.statechart .taken>.arrow{stroke:${of('active')};stroke-width:2.5}`,
  `.statechart .taken>.tip{fill:${of('active')};stroke:${of('active')}}`,
  `.statechart .taken>text{fill:${of('active')};text-decoration:underline}`,
].join('\n');
