import { ActorLink } from '../actor-link.js';
import { html } from '../html.js';
import { Ago, number } from '../format.js';
import { Link, addressOf, useAddress } from '../location.js';
import { Release } from '../release.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

/** Actors that take no messages until somebody releases them. */
export default function Parked() {
  const { query } = useAddress();
  const answer = usePolled('parked', { cursor: query.cursor });
  const columns = [
    {
      name: 'actor',
      title: 'Actor',
      cell: (row) => html`<${ActorLink} type=${row.type} actorKey=${row.key} />`,
      text: ({ type, key }) => `${type} ${key}`,
      sort: ({ type, key }) => `${type} ${key}`,
    },
    {
      name: 'reason',
      title: 'Why',
      cell: ({ reason, message }) => html`${message && html`<code>${message}</code>: `}${reason}`,
      text: ({ reason, message }) => `${message ?? ''} ${reason}`,
    },
    { name: 'at', title: 'Since', cell: ({ at }) => html`<${Ago} at=${at} />`, sort: ({ at }) => at },
    {
      name: 'attempts',
      title: 'Tried',
      end: true,
      minor: true,
      cell: ({ attempts }) => number(attempts),
      sort: ({ attempts }) => attempts,
    },
    {
      name: 'act',
      title: '',
      below: true,
      cell: (row) =>
        html`<${Release}
          type=${row.type}
          actorKey=${row.key}
          message=${row.message}
          onDone=${answer.reload}
        />`,
    },
  ];
  return html`
    <div class="bar">
      <h1>Parked actors</h1>
      <${FilterField} />
    </div>
    <${Answer} of=${answer}>
      ${({ items, cursor }) => html`
        <${Table}
          label="Parked actors"
          columns=${columns}
          rows=${items}
          keyOf=${({ type, key }) => `${type}/${key}`}
          empty="No actor is parked."
        />
        ${
          cursor &&
          html`<p><${Link} to=${addressOf('/parked', { ...query, cursor })}>Those parked later<//></p>`
        }
      `}
    <//>
  `;
}
