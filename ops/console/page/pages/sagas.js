import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { bringIntoView, clearPath, lightPath, pictureOf, showCounts } from 'trolley-statechart/chart-view.js';
import { Ago, number, plural } from '../format.js';
import { html } from '../html.js';
import { Link, addressOf, setQuery, useAddress } from '../location.js';
import { Course } from '../saga-course.js';
import { Answer } from '../state.js';
import { Table } from '../table.js';
import { usePolled } from '../use-polled.js';

/** A machine as a statechart with its live sagas; a state's sagas; the course of one, step by step. */
export default function Sagas() {
  const machines = usePolled('saga-machines', {}, { everyMs: 30_000 });
  return html`<${Answer} of=${machines}>${({ machines: all }) => html`<${Machine} machines=${all} />`}<//>`;
}

function Machine({ machines }) {
  const { query } = useAddress();
  const machine = machines.find(({ machine: name }) => name === query.machine) ?? machines[0];
  if (machine === undefined || machine.versions.length === 0)
    return html`<h1>Sagas</h1>
      <p class="faint">No saga has run here yet.</p>`;
  const version = machine.versions.includes(query.version) ? query.version : machine.versions[0];
  const place = { machine: machine.machine, version };
  const chart = usePolled('saga-chart', place, { everyMs: 0 });
  const { counts, problem } = useCounts(place);
  const run = usePolled(query.id === undefined ? undefined : 'saga', {
    machine: place.machine,
    id: query.id,
  });
  const step = run.value && Math.min(Number(query.step ?? Infinity), run.value.path.steps.length - 1);
  const older = (counts?.running ?? []).filter((each) => each.version !== version && each.count > 0);
  return html`
    <div class="bar">
      <h1>Sagas</h1>
      ${machines.length > 1 && html`<${Choice} label="Machine" name="machine" values=${machines.map((each) => each.machine)} value=${place.machine} />`}
      ${machine.versions.length > 1 && html`<${Choice} label="Version" name="version" values=${machine.versions} value=${version} />`}
      <${Find} />
      ${query.id === undefined && query.state === undefined && html`<span class="faint">or choose a state: click it, or Tab to it and press Enter</span>`}
      <span class="faint push" role="status">
        ${problem ?? (counts === undefined ? 'looking…' : html`live${counts.isCut ? ', more than are counted' : ''}${counts.unreadable > 0 && html`, <span class="bad">${plural(counts.unreadable, 'saga')} cannot be read</span>`}; ended ones since <${Ago} at=${counts.since} />`)}
      </span>
    </div>
    ${older.length > 0 && html`<p class="note">${number(older.reduce((sum, { count }) => sum + count, 0))} run in another version of the machine: choose it above.</p>`}
    <div class="saga">
      <${Answer} of=${chart}>
        ${(drawn) => html`<${Chart} ...${drawn} counts=${counts} run=${run.value} step=${step} chosen=${query.state} />`}
      <//>
      <${Chosen} place=${place} run=${run} step=${step} chart=${chart.value?.chart} />
    </div>
  `;
}

/** What was asked for: one saga, those in a state, or those found. */
function Chosen({ place, run, step, chart }) {
  const { id, state, find } = useAddress().query;
  const { machine } = place;
  if (id !== undefined)
    return html`<aside>
      <${Answer} of=${run}
        >${(value) => html`<${Course} ...${{ run: value, step, chart, machine }} reload=${run.reload} />`}<//
      >
    </aside>`;
  if (state !== undefined) return html`<aside><${InState} place=${place} state=${state} /></aside>`;
  if (find !== undefined) return html`<aside><${Found} machine=${machine} text=${find} /></aside>`;
  return null;
}

function Choice({ label, name, values, value }) {
  return html`<label
    >${label}${' '}
    <select
      value=${value}
      onChange=${({ target }) => setQuery({ [name]: target.value, state: undefined, id: undefined }, { step: true })}
    >
      ${values.map((each) => html`<option value=${each}>${each || 'none'}</option>`)}
    </select></label
  >`;
}

function Find() {
  const find = (event) => {
    event.preventDefault();
    const text = new FormData(event.target).get('find').trim();
    const isId = /^[0-9a-f-]{36}$/i.test(text);
    setQuery(
      { id: isId ? text : undefined, find: isId || text === '' ? undefined : text, step: undefined },
      { step: true },
    );
  };
  return html`<form onSubmit=${find}>
    <label class="filter"
      ><span class="hidden">Id or user</span
      ><input
        id="filter"
        name="find"
        type="search"
        placeholder="Id or user  /"
        autocomplete="off"
        spellcheck="false"
    /></label>
  </form>`;
}

/** Told by the console as it changes, for as long as the page can be seen. */
function useCounts({ machine, version }) {
  const [state, set] = useState({});
  useEffect(() => {
    let stream;
    const open = () => {
      stream?.close();
      stream = undefined;
      if (document.hidden) return;
      stream = new EventSource(`/api/saga-counts?${new URLSearchParams({ machine, version })}`);
      stream.onmessage = ({ data }) => {
        const counts = JSON.parse(data);
        set({ counts, problem: counts.problem });
      };
      stream.onerror = () => set((last) => ({ ...last, problem: 'not live: the console does not answer' }));
    };
    open();
    document.addEventListener('visibilitychange', open);
    return () => {
      document.removeEventListener('visibilitychange', open);
      stream?.close();
    };
  }, [machine, version]);
  return state;
}

const perSecond = (rate) =>
  rate >= 10
    ? `${Math.round(rate)}/s`
    : rate >= 0.1
      ? `${rate.toFixed(1)}/s`
      : `${Math.round(rate * 60)}/min`;

/** Drawn in the same frame as the page around it, so that no step is current whose path is not lit. */
function Chart({ chart, svg: text, counts, run, step, chosen }) {
  const frame = useRef();
  const svg = useMemo(() => pictureOf(text), [text]);
  useLayoutEffect(() => frame.current.replaceChildren(svg), [svg]);
  useLayoutEffect(() => {
    if (counts !== undefined) showCounts(svg, counts, perSecond);
  }, [svg, counts]);
  useLayoutEffect(() => {
    if (run === undefined) return clearPath(svg);
    const active = lightPath(svg, chart, run.path.steps.slice(0, step + 1));
    if (active !== null) bringIntoView(frame.current, active);
  }, [svg, run?.path.steps.length, step]);
  useLayoutEffect(() => {
    for (const old of svg.querySelectorAll('.chosen')) old.classList.remove('chosen');
    const group = chosen && svg.querySelector(`[data-state="${CSS.escape(`${chart.id}.${chosen}`)}"]`);
    group?.classList.add('chosen');
    const seen = group ?? (run === undefined && svg.querySelector('.state.is-atomic'));
    if (seen) bringIntoView(frame.current, seen);
  }, [svg, chosen]);
  const choose = (event) => {
    if (event.type === 'keydown' && event.key !== 'Enter' && event.key !== ' ') return;
    const id = event.target.closest('[data-state]')?.dataset.state;
    if (id === undefined || id === chart.id) return;
    event.preventDefault();
    setQuery(
      { state: id.slice(chart.id.length + 1), id: undefined, step: undefined, cursor: undefined },
      { step: true },
    );
  };
  return html`<section
    class="chart"
    ref=${frame}
    aria-label="Statechart"
    tabindex="0"
    onClick=${choose}
    onKeyDown=${choose}
  ></section>`;
}

const columns = [
  {
    name: 'id',
    title: 'Saga',
    cell: ({ id, subject }) =>
      html`<${Link}
          to=${addressOf('/sagas', { ...Object.fromEntries(new URLSearchParams(location.search)), id, step: undefined })}
          ><code>${id.slice(0, 8)}</code><//
        ><span class="faint">${` ${subject}`}</span>`,
    text: ({ id, subject }) => `${id} ${subject}`,
  },
  {
    name: 'at',
    title: 'Since',
    cell: ({ waits, changedAt }) => html`<${Ago} at=${waits?.since ?? changedAt} />`,
  },
  {
    name: 'why',
    title: 'Why',
    cell: ({ failure, waits, parked, unreadable }) => {
      if (parked !== undefined) return html`<span class="bad">parked</span>`;
      if (unreadable !== undefined) return html`<span class="bad">cannot be read</span>`;
      return failure ?? waits?.error?.code ?? '';
    },
  },
];

function InState({ place, state }) {
  const { query } = useAddress();
  const { order, cursor } = query;
  const answer = usePolled('sagas', { ...place, state, order, cursor, limit: 30 });
  return html`
    <h2>${state}</h2>
    <p class="buttons">
      ${['oldest', 'newest'].map((each) => html`<button aria-pressed=${order === each} onClick=${() => setQuery({ order: each, cursor: undefined })}>${each} first</button>`)}
    </p>
    <${Answer} of=${answer}>
      ${({ items, cursor: next }) => html`
        <${Table}
          label=${`In ${state}`}
          columns=${columns}
          rows=${items}
          keyOf=${({ id }) => id}
          empty="Nothing is here now."
        />
        ${next && html`<p><button onClick=${() => setQuery({ cursor: next }, { step: true })}>More</button></p>`}
      `}
    <//>
  `;
}

function Found({ machine, text }) {
  const answer = usePolled('sagas/find', { machine, text });
  return html`<h2>Found by ${text}</h2>
    <${Answer} of=${answer}>
      ${({ items }) => html`<${Table} label="Found" columns=${[columns[0], { name: 'state', title: 'State', cell: ({ state }) => state }, columns[1]]} rows=${items} keyOf=${({ id }) => id} empty="Nothing of that id or user." />`}
    <//>`;
}
