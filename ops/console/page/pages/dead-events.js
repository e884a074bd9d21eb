import { ActionButton, ReasonField } from '../dialog.js';
import { html } from '../html.js';
import { Ago, number, plural } from '../format.js';
import { Link, addressOf, useAddress } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, filtered, Table } from '../table.js';
import { usePolled } from '../use-polled.js';
import { EventFacts } from './events.js';

const here = '/dead-events';

/** Events that consumers could not handle: what they are, why, and another try for them. */
export default function DeadEvents() {
  const { query } = useAddress();
  const { id } = query;
  const answer = usePolled('dead-events', { limit: 500 });
  const columns = [
    {
      name: 'event',
      title: 'Event',
      cell: (row) =>
        html`<${Link} to=${addressOf(here, { ...query, id: row.id })}><code>${row.record.id}</code><//>`,
      text: ({ record }) => record.id,
    },
    {
      name: 'type',
      title: 'Type',
      minor: true,
      cell: ({ record }) => html`<code>${record.type}</code>`,
      text: ({ record }) => record.type,
      sort: ({ record }) => record.type,
    },
    {
      name: 'key',
      title: 'Key',
      cell: ({ record }) =>
        html`<${Link} to=${addressOf('/events', { key: record.key })}><code>${record.key}</code><//>`,
      text: ({ record }) => record.key,
      sort: ({ record }) => record.key,
    },
    { name: 'reason', title: 'Why', cell: ({ reason }) => beginningOf(reason), text: ({ reason }) => reason },
    { name: 'at', title: 'Rejected', cell: ({ at }) => html`<${Ago} at=${at} />`, sort: ({ at }) => at },
    {
      name: 'times',
      title: 'Times',
      end: true,
      minor: true,
      cell: ({ earlier }) => number(earlier.length + 1),
      sort: ({ earlier }) => earlier.length,
    },
  ];
  return html`
    <div class="bar">
      <h1>Dead events</h1>
      <${FilterField} />
    </div>
    <${Answer} of=${answer}>
      ${({ items, total, isPartial }) => html`
        ${id === undefined && html`<${Several} rows=${filtered(items, columns, query.q ?? '')} onDone=${answer.reload} />`}
        <${Table}
          label="Dead events"
          columns=${columns}
          rows=${items}
          keyOf=${(row) => row.id}
          chosen=${id}
          empty="Consumers have understood every event."
        />
        ${total > items.length && html`<p class="faint">${plural(total, 'dead event')} in all.</p>`}
        ${isPartial && html`<p class="faint">Only the latest 10,000 records of the topic were looked through.</p>`}
      `}
    <//>
    ${id !== undefined && html`<${Letter} key=${id} id=${id} query=${query} onGone=${answer.reload} />`}
  `;
}

const beginningOf = (text) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

/** What is done to those that the filter shows: the table is the preview. */
function Several({ rows, onDone }) {
  const shown = plural(rows.length, 'event');
  const body = { ids: rows.map(({ id }) => id) };
  if (rows.length === 0) return undefined;
  return html`<div class="bar">
    <${ActionButton}
      label=${`Replay the ${shown} below`}
      title=${`Replay ${shown}`}
      path="dead-events/replay"
      body=${body}
      onDone=${onDone}
    >
      <p>
        They are published again under their own ids, keys and headers. Every group gets them; one that has
        handled an event does nothing then.
      </p>
    <//>
    <${ActionButton}
      label=${rows.length === 1 ? 'Discard it' : 'Discard them'}
      title=${`Discard ${shown}`}
      path="dead-events/discard"
      body=${(fields) => ({ ...body, ...fields })}
      danger
      onDone=${onDone}
    >
      <p>They leave this list for good. Nobody gets them any more.</p>
      <${ReasonField} />
    <//>
  </div>`;
}

function Letter({ id, query, onGone }) {
  const answer = usePolled('dead-event', { id }, { everyMs: 0 });
  return html`<section class="detail" aria-label="Dead event">
    <${Answer} of=${answer}>
      ${({ record, reason }) => html`
        <div class="bar">
          <h2>${record.type} of ${record.key}</h2>
          <span class="buttons push">
            <${ActionButton}
              label="Replay"
              title="Replay this event"
              path="dead-event/replay"
              body=${{ id }}
              onDone=${onGone}
            >
              <p>
                It is published again under the same id, key and headers. Every group gets it; one that has
                handled it does nothing then.
              </p>
            <//>
            <${ActionButton}
              label="Discard"
              title="Discard this event"
              path="dead-event/discard"
              body=${{ id }}
              danger
              onDone=${onGone}
            >
              <p>It leaves this list for good. Nobody gets it any more.</p>
              <${ReasonField} />
            <//>
            <${Link} to=${addressOf(here, { ...query, id: '' })}>Close<//>
          </span>
        </div>
        <p class="problem">${reason}</p>
        <${EventFacts} record=${record} />
      `}
    <//>
  </section>`;
}
