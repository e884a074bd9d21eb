import { html } from '../html.js';
import { Ago, duration } from '../format.js';
import { Link, addressOf, setQuery, useAddress } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

const tone = { done: 'good', refused: 'warn', unknown: 'bad' };

const columns = [
  { name: 'at', title: 'When', cell: ({ at }) => html`<${Ago} at=${at} />`, sort: ({ at }) => at },
  { name: 'who', title: 'Who', cell: ({ who }) => who, text: ({ who }) => who },
  { name: 'action', title: 'Action', cell: ({ action }) => action, text: ({ action }) => action },
  {
    name: 'target',
    title: 'Of what',
    cell: ({ target }) => html`<code>${target}</code>`,
    text: ({ target, details }) => `${target} ${JSON.stringify(details)}`,
  },
  {
    name: 'outcome',
    title: 'Outcome',
    cell: ({ outcome, note }) => html`<span class=${tone[outcome]}>${outcome}</span>${note && ` – ${note}`}`,
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
      Written before an action is tried, completed after it. Unknown: it is under way, or nobody knows how it
      ended.
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
