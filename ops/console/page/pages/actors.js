import { html } from '../html.js';
import { ActorLink } from '../actor-link.js';
import { failureColumns } from '../failure-columns.js';
import { number } from '../format.js';
import { addressOf, go, useAddress } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';
import { Actor } from './actor.js';

/** Any actor by its type and key; without these, the busiest ones and what failed of late. */
export default function Actors() {
  const { query } = useAddress();
  const { type, key } = query;
  const contracts = usePolled('contracts', {}, { everyMs: 0 });
  const types = contracts.value?.contracts ?? [];
  const isOne = type !== undefined && key !== undefined;
  return html`
    <div class="bar">
      <h1>Actors</h1>
      ${!isOne && html`<${FilterField} />`}
      <${Search} types=${types} type=${type} actorKey=${key} />
    </div>
    ${
      isOne
        ? html`<${Actor}
            key=${`${type}/${key}`}
            type=${type}
            actorKey=${key}
            contract=${types.find((each) => each.type === type)}
          />`
        : html`<${Busiest} />`
    }
  `;
}

function Search({ types, type, actorKey }) {
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    go(addressOf('/actors', { type: given.type, key: given.key.trim() }));
  };
  return html`<form class="bar search" role="search" onSubmit=${submit}>
    <label
      >Type${' '}
      <select name="type" value=${type}>
        ${types.map((each) => html`<option value=${each.type} selected=${each.type === type}>${each.type}</option>`)}
        ${type !== undefined && !types.some((each) => each.type === type) && html`<option selected>${type}</option>`}
      </select></label
    >
    <label
      >Key <input name="key" required size="20" value=${actorKey ?? ''} autocomplete="off" spellcheck="false"
    /></label>
    <button>Find</button>
  </form>`;
}

function Busiest() {
  const answer = usePolled('actors');
  return html`<${Answer} of=${answer}>
    ${({ busiest, failures }) => html`
      <h2>The busiest</h2>
      <${Table}
        label="The busiest actors"
        columns=${busyColumns}
        rows=${busiest.filter(({ turnsPerSecond }) => turnsPerSecond >= leastShown)}
        keyOf=${(row) => `${row.type}/${row.key}`}
        empty="No actor has had a turn of late."
      />
      <h2>What failed of late</h2>
      <${Table}
        label="What failed of late"
        columns=${[actorColumn, ...failureColumns]}
        rows=${failures}
        keyOf=${(row) => `${row.type}/${row.key} ${row.at} ${row.name}`}
        empty="Nothing has failed of late."
      />
    `}
  <//>`;
}

/** Less is 0 once it is rounded. */
const leastShown = 0.05;

const actorColumn = {
  name: 'actor',
  title: 'Actor',
  wide: true,
  cell: (row) => html`<${ActorLink} type=${row.type} actorKey=${row.key} />`,
  text: (row) => `${row.type} ${row.key}`,
};

const busyColumns = [
  actorColumn,
  {
    name: 'turns',
    title: 'Turns/s',
    end: true,
    cell: ({ turnsPerSecond }) => number(Math.round(turnsPerSecond * 10) / 10),
    sort: ({ turnsPerSecond }) => turnsPerSecond,
  },
  {
    name: 'node',
    title: 'Node',
    minor: true,
    cell: ({ node }) => html`<code title=${node}>${node.slice(0, 8)}</code>`,
    text: ({ node }) => node,
  },
];
