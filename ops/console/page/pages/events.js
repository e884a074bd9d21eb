import { html } from '../html.js';
import { Ago, moment, number } from '../format.js';
import { Link, addressOf, setQuery, useAddress } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

const here = '/events';
const fields = [
  { name: 'key', label: 'Key (user)' },
  { name: 'type', label: 'Type' },
  { name: 'id', label: 'Event id' },
  { name: 'since', label: 'Since (UTC)', type: 'datetime-local' },
  { name: 'until', label: 'Until (UTC)', type: 'datetime-local' },
];

/** What a browser's field gives has no zone. */
const utc = (local) => (local === undefined || local === '' ? undefined : `${local}Z`);

/** What is in the event log, and how far its consumers have come. */
export default function Events() {
  const { query } = useAddress();
  const { cursor, key, type, id, since, until, record } = query;
  const lag = usePolled('events/lag');
  const asked = { cursor, key, type, id, since: utc(since), until: utc(until) };
  const answer = usePolled('events', asked, { everyMs: cursor === undefined ? 5_000 : 0 });
  const columns = [
    {
      name: 'id',
      title: 'Event',
      cell: (row) =>
        html`<${Link} to=${addressOf(here, { ...query, record: placeOf(row) })}><code>${row.id}</code><//>`,
      text: (row) => row.id,
    },
    {
      name: 'type',
      title: 'Type',
      minor: true,
      cell: (row) => html`<code>${row.type}</code>`,
      text: (row) => row.type,
      sort: (row) => row.type,
    },
    {
      name: 'key',
      title: 'Key',
      cell: (row) => html`<${Link} to=${addressOf(here, { key: row.key })}><code>${row.key}</code><//>`,
      text: (row) => row.key,
      sort: (row) => row.key,
    },
    {
      name: 'at',
      title: 'Appended',
      cell: ({ appendedAt }) => html`<${Ago} at=${appendedAt} />`,
      sort: ({ appendedAt }) => appendedAt,
    },
    {
      name: 'place',
      title: 'Partition, offset',
      minor: true,
      cell: (row) => html`<code>${placeOf(row)}</code>`,
    },
  ];
  return html`
    <div class="bar"><h1>Events</h1></div>
    <${Answer} of=${lag}>${({ topic, items }) => html`<${Lag} topic=${topic} groups=${items} />`}<//>
    <form class="bar" onSubmit=${search} key=${JSON.stringify([key, type, id, since, until])}>
      <h2>What is in the log</h2>
      ${fields.map(
        ({ name, label, type: kind = 'text' }) =>
          html`<label
            ><span class="faint">${label} </span
            ><input name=${name} type=${kind} defaultValue=${query[name] ?? ''} autocomplete="off"
          /></label>`,
      )}
      <button>Find</button>
      <${FilterField} />
    </form>
    <${Answer} of=${answer}>
      ${({ items, cursor: next }) => html`
        <${Table}
          label="Events"
          columns=${columns}
          rows=${items}
          keyOf=${placeOf}
          chosen=${record}
          empty=${emptyOf(asked, next)}
        />
        ${next && html`<p><${Link} to=${addressOf(here, { ...query, cursor: next })}>Earlier ones<//></p>`}
        <${Record} record=${items.find((row) => placeOf(row) === record)} query=${query} />
      `}
    <//>
  `;
}

function emptyOf(asked, next) {
  if (next !== undefined) return 'None among those that were looked through so far.';
  const isFiltered = Object.values(asked).some((value) => value !== undefined);
  return isFiltered ? 'No such event.' : 'Nothing has been published yet.';
}

const placeOf = ({ partition, offset }) => `${partition}, ${offset}`;

function search(event) {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  const wanted = Object.fromEntries(fields.map(({ name }) => [name, given[name] || undefined]));
  setQuery({ ...wanted, cursor: undefined, record: undefined }, { step: true });
}

function Lag({ topic, groups }) {
  const partitions = groups[0]?.partitions.map(({ partition }) => partition) ?? [];
  const sumOf = ({ partitions: each }) => each.reduce((sum, { records }) => sum + records, 0);
  const columns = [
    { name: 'group', title: `Consumers of ${topic}`, cell: ({ group }) => html`<code>${group}</code>` },
    {
      name: 'behind',
      title: 'Behind',
      end: true,
      cell: (row) => html`<span class=${sumOf(row) === 0 ? 'good' : 'warn'}>${number(sumOf(row))}</span>`,
    },
    ...partitions.map((partition) => ({
      name: `p${partition}`,
      title: `P ${partition}`,
      end: true,
      minor: true,
      cell: (row) => number(row.partitions.find((each) => each.partition === partition)?.records),
    })),
  ];
  return html`<${Table}
    label="How far consumers are behind"
    columns=${columns}
    rows=${groups}
    keyOf=${({ group }) => group}
  />`;
}

function Record({ record, query }) {
  if (record === undefined) return undefined;
  return html`<section class="detail" aria-label="Event">
    <div class="bar">
      <h2>${record.type} of ${record.key}</h2>
      <span class="buttons push"><${Link} to=${addressOf(here, { ...query, record: '' })}>Close<//></span>
    </div>
    <${EventFacts} record=${record} />
  </section>`;
}

/** An event whole. */
export function EventFacts({ record }) {
  return html`
    <dl class="facts">
      <dt>Event id</dt>
      <dd><code>${record.id}</code></dd>
      <dt>Appended</dt>
      <dd>${moment(record.appendedAt)} UTC</dd>
      <dt>Trace</dt>
      <dd><code>${record.headers.traceparent?.split('-')[1] ?? 'none'}</code></dd>
    </dl>
    <h3>Value</h3>
    <pre class="json" tabindex="0">${pretty(record.value)}</pre>
    <h3>Headers</h3>
    <pre class="json" tabindex="0">${JSON.stringify(record.headers, null, 2)}</pre>
  `;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // What is no JSON is shown as it is.
    return text;
  }
}
