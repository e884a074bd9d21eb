import { Ago } from '../format.js';
import { html } from '../html.js';
import { Link, addressOf, setQuery, useAddress } from '../location.js';
import { Hangs } from '../saga-course.js';
import { SagaOrders } from '../saga-orders.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

/** Sagas that do not go on: on what they hang, since when, what was tried, and what may be done. */
export default function Stuck() {
  const { query } = useAddress();
  const { machine, cursor } = query;
  const answer = usePolled('sagas/stuck', { machine, cursor, limit: 50 });
  const columns = [
    {
      name: 'saga',
      title: 'Saga',
      cell: (row) =>
        html`<${Link} to=${addressOf('/sagas', { machine: row.machine, version: row.version, id: row.id })}
            ><code>${row.id.slice(0, 8)}</code><//
          >
          <span class="nowrap">${` ${row.subject}`}</span><br /><span class="faint">${row.state}</span>`,
      text: ({ id, subject, state }) => `${id} ${subject} ${state}`,
    },
    {
      name: 'hangs',
      title: 'Hangs on',
      cell: (row) => html`<${Hangs} saga=${row} />`,
      text: ({ waits, parked, unreadable }) =>
        [
          ...[waits?.label, waits?.error?.code, waits?.error?.message, unreadable],
          ...(parked === undefined ? [] : ['parked', parked.message, parked.reason]),
        ].join(' '),
    },
    {
      name: 'since',
      title: 'Begun',
      minor: true,
      cell: ({ startedAt }) => html`<${Ago} at=${startedAt} />`,
      sort: ({ startedAt }) => startedAt,
    },
    {
      name: 'act',
      title: '',
      below: true,
      cell: (row) =>
        html`<span class="buttons"
          ><${SagaOrders} machine=${row.machine} summary=${row} onDone=${answer.reload}
        /></span>`,
    },
  ];
  return html`
    <div class="bar">
      <h1>Stuck sagas</h1>
      <${FilterField} />
    </div>
    <${Answer} of=${answer}>
      ${({ items, cursor: next, unknown }) => html`
        ${unknown && html`<p class="note">Which of them are parked is not known: ${unknown}</p>`}
        <${Table}
          label="Stuck sagas"
          columns=${columns}
          rows=${items}
          keyOf=${({ id }) => id}
          empty="Nothing is stuck."
        />
        ${next && html`<p><button onClick=${() => setQuery({ machine: items[0]?.machine, cursor: next }, { step: true })}>Younger ones</button></p>`}
      `}
    <//>
  `;
}
