import { html } from './html.js';

const steps = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** 90000 → `1 min 30 s`, in two parts at most. */
export function duration(ms) {
  if (ms === undefined || ms === null || Number.isNaN(ms)) return '';
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const first = steps.findIndex(([size]) => ms >= size);
  const [size, unit] = steps[first];
  const whole = Math.floor(ms / size);
  const [nextSize, nextUnit] = steps[first + 1] ?? [];
  const rest = nextSize === undefined || whole >= 10 ? 0 : Math.floor((ms % size) / nextSize);
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${nextUnit}`;
}

export const moment = (at) =>
  at === undefined ? '' : new Date(at).toISOString().replace('T', ' ').slice(0, 19);

/** How long ago, with the moment itself in its title. */
export function Ago({ at }) {
  if (at === undefined || at === null) return '';
  const time = typeof at === 'number' ? at : Date.parse(at);
  return html`<time datetime=${new Date(time).toISOString()} title=${`${moment(time)} UTC`}
    >${duration(Math.max(0, Date.now() - time))} ago</time
  >`;
}

export const number = (value) => (value === undefined ? '' : value.toLocaleString('en'));

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export const percent = (part) => (part === undefined ? '' : `${Math.round(part * 100)} %`);

export function bytes(count) {
  if (count === undefined) return '';
  if (count < 1_024) return `${count} B`;
  return count < 1_048_576 ? `${Math.round(count / 1_024)} KB` : `${Math.round(count / 1_048_576)} MB`;
}

/** JSON of which there may be a part only. */
export function Excerpt({ of }) {
  if (of === undefined) return html`<p class="faint">nothing</p>`;
  return html`<pre class="json" tabindex="0">${of.isCut ? of.json : indented(of.json)}</pre>
    ${of.isCut && html`<p class="faint">The beginning of ${bytes(of.bytes)}.</p>`}`;
}

function indented(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

/** A value as JSON that can be read and copied. */
export function Json({ value }) {
  return html`<pre class="json" tabindex="0">${JSON.stringify(value, null, 2) ?? 'nothing'}</pre>`;
}
