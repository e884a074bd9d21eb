import { html } from '../html.js';
import { Ago, duration } from '../format.js';
import { Link, addressOf, setQuery, useAddress } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

/** Nothing that is under way takes so long. */
const longestMs = 60_000;

/** How it ended; of what was cut off, that nobody knows. */
function said({ at, outcome, note, endedAt }) {
  if (note !== undefined) return ` – ${note}`;
  if (outcome !== 'unknown' || endedAt !== undefined) return '';
  return Date.now() - at < longestMs
    ? ' – under way, or cut off: then it was done once, or not at all'
    : ' – cut off: it was done once, or not at all';
}

/** What something was done to, and the way there where it is one actor. */
function Target({ action, target }) {
  const [, type, key] = /^([a-z][a-z0-9-]*)\/(.+)$/.exec(target) ?? [];
  if (type === undefined) return html`<code>${target}</code>`;
  const to = /^(resume|compensate) /.test(action)
    ? addressOf('/sagas', { machine: type, id: key })
    : addressOf('/actors', { type, key });
  return html`<${Link} to=${to}><code>${target}</code><//>`;
}

const tone = { done: 'good', refused: 'warn', unknown: 'bad' };

const columns = [
  { name: 'at', title: 'When', cell: ({ at }) => html`<${Ago} at=${at} />`, sort: ({ at }) => at },
  {
    name: 'who',
    title: 'Who',
    cell: ({ who }) => html`<span class="nowrap">${who}</span>`,
    text: ({ who }) => who,
  },
  { name: 'action', title: 'Action', cell: ({ action }) => action, text: ({ action }) => action },
  {
    name: 'target',
    title: 'Of what',
    cell: (row) => html`<${Target} ...${row} />`,
    text: ({ target, details }) => `${target} ${JSON.stringify(details)}`,
  },
  {
    name: 'outcome',
    title: 'Outcome',
    cell: (row) => html`<span class=${tone[row.outcome]}>${row.outcome}</span>${said(row)}`,
    text: ({ outcome, note }) => `${outcome} ${note ?? ''}`,
  },
  {
    name: 'took',
    title: 'Took',
    end: true,
    minor: true,
    cell: ({ at, endedAt }) => (endedAt === undefined ? '' : duration(endedAt - at)),
  },
  {
    name: 'from',
    title: 'From',
    minor: true,
    cell: ({ source, address, role }) => html`<span title=${role}>${source} ${address}</span>`,
    text: ({ source, address }) => `${source} ${address}`,
  },
  {
    name: 'details',
    title: 'With',
    minor: true,
    cell: ({ details }) =>
      html`<code>${Object.keys(details).length === 0 ? '' : JSON.stringify(details)}</code>`,
  },
  {
    name: 'request',
    title: 'Request',
    minor: true,
    cell: ({ requestId }) => html`<code>${requestId}</code>`,
    text: ({ requestId }) => requestId,
  },
];

/** What operators did, whether it succeeded, and what nobody knows the end of. */
export default function Audit() {
  const { query } = useAddress();
  const { outcome, who, cursor } = query;
  const answer = usePolled('audit', { outcome, who, cursor }, { everyMs: 10_000 });
  return html`
    <div class="bar">
      <h1>Audit</h1>
      <${FilterField} />
      <label
        >Outcome${' '}
        <select
          value=${outcome ?? ''}
          onChange=${(event) => setQuery({ outcome: event.target.value, cursor: '' })}
        >
          <option value="">any</option>
          <option value="unknown">unknown</option>
          <option value="done">done</option>
          <option value="refused">refused</option>
        </select></label
      >
    </div>
    <p class="faint">
      Written before an action is tried, completed after it. Unknown: it is under way, or nobody knows whether
      it was done; look at what it was done to.
    </p>
    <${Answer} of=${answer}>
      ${({ items, cursor: next }) => html`
        <${Table}
          label="Actions of operators"
          columns=${columns}
          rows=${items}
          keyOf=${({ id }) => id}
          empty="Nobody has done anything yet."
        />
        <p class="buttons">
          ${cursor && html`<${Link} to=${addressOf('/audit', { ...query, cursor: '' })}>Newest<//>`}
          ${next && html`<${Link} to=${addressOf('/audit', { ...query, cursor: next })}>Older<//>`}
        </p>
      `}
    <//>
  `;
}
