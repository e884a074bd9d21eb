import { html } from '../html.js';
import { Ago, moment, number, plural } from '../format.js';
import { Link, addressOf, useAddress } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

const here = '/outbox';

const typeColumns = [
  { name: 'type', title: 'Type', cell: ({ type }) => html`<code>${type}</code>` },
  { name: 'waiting', title: 'Unsent', end: true, cell: ({ waiting }) => number(waiting) },
  { name: 'oldest', title: 'Oldest', cell: ({ oldestAt }) => html`<${Ago} at=${oldestAt} />` },
];

const rowColumns = [
  { name: 'id', title: 'Row', cell: ({ id }) => id, text: ({ id }) => id },
  {
    name: 'type',
    title: 'Type',
    cell: ({ type }) => html`<code>${type}</code>`,
    text: ({ type }) => type,
    sort: ({ type }) => type,
  },
  {
    name: 'key',
    title: 'Key',
    cell: ({ key }) => html`<${Link} to=${addressOf('/events', { key })}><code>${key}</code><//>`,
    text: ({ key }) => key,
    sort: ({ key }) => key,
  },
  {
    name: 'of',
    title: 'Of',
    minor: true,
    cell: ({ aggregateId }) => html`<code>${aggregateId}</code>`,
    text: ({ aggregateId }) => aggregateId,
  },
  {
    name: 'since',
    title: 'Since',
    cell: ({ createdAt }) => html`<${Ago} at=${createdAt} />`,
    sort: ({ createdAt }) => createdAt,
  },
  {
    name: 'sent',
    title: 'Sent before',
    end: true,
    minor: true,
    cell: ({ publications }) => number(publications),
    sort: ({ publications }) => publications,
  },
];

/** What has left with a state and is not in the event log yet, who carries it there, and why it may not get there. */
export default function Outbox() {
  const { query } = useAddress();
  const { cursor } = query;
  const report = usePolled('outbox');
  const rows = usePolled('outbox/rows', { cursor });
  return html`
    <div class="bar">
      <h1>Outbox</h1>
    </div>
    <${Answer} of=${report}>${(answer) => html`<${Report} ...${answer} />`}<//>
    <div class="bar">
      <h2>Rows that wait</h2>
      <${FilterField} />
    </div>
    <${Answer} of=${rows}>
      ${({ items, cursor: next }) => html`
        <${Table}
          label="Rows that wait"
          columns=${rowColumns}
          rows=${items}
          keyOf=${({ id }) => id}
          empty="Everything is published."
        />
        ${next && html`<p><${Link} to=${addressOf(here, { ...query, cursor: next })}>Later ones<//></p>`}
      `}
    <//>
  `;
}

function Report({ waiting, isPartial, oldestAt, types, relay, standbys, sentPerSecond, heldBackBy }) {
  return html`
    ${heldBackBy.map((why) => html`<p class="problem" role="alert">Held back: ${why}.</p>`)}
    <dl class="facts">
      <dt>Unsent</dt>
      <dd class=${waiting === 0 ? 'good' : ''}>${isPartial && 'more than '}${plural(waiting, 'event')}</dd>
      <dt>Oldest</dt>
      <dd>${oldestAt === undefined ? 'none' : html`<${Ago} at=${oldestAt} />`}</dd>
      <dt>Sent</dt>
      <dd>${sentPerSecond.toFixed(1)} a second in the last minute</dd>
      <dt>Relay</dt>
      <dd class=${relay === undefined ? 'bad' : ''}>
        ${relay === undefined ? 'nobody publishes' : html`<${Relay} ...${relay} />`}
      </dd>
      ${standbys.map(
        (standby) =>
          html`<dt>Stands by</dt>
            <dd><${Relay} ...${standby} /></dd>`,
      )}
    </dl>
    ${
      types.length > 0 &&
      html`<${Table}
        label="Unsent by type"
        columns=${typeColumns}
        rows=${types}
        keyOf=${({ type }) => type}
      />`
    }
  `;
}

const Relay = ({ pid, applicationName, address, connectedAt }) => {
  const where = address === undefined ? '' : ` from ${address}`;
  return html`<code>${applicationName}</code
    >${`${where}, process ${pid} of PostgreSQL, connected since ${moment(connectedAt)} UTC`}`;
};
