import { html } from '../html.js';
import { ActorLink } from '../actor-link.js';
import { Ago, number } from '../format.js';
import { Link, addressOf, setQuery, useAddress } from '../location.js';
import { ParkedWhy, Release } from '../release.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

const here = '/mailboxes';
const states = ['waiting', 'active', 'delayed', 'failed', 'parked'];

/** The mailboxes that hold something, the deepest or those that wait longest first. */
export default function Mailboxes() {
  const { query } = useAddress();
  const { type, key, state, order, cursor } = query;
  const answer = usePolled('mailboxes', { type, key, state, order, cursor });
  const contracts = usePolled('contracts', {}, { everyMs: 0 });
  const types = contracts.value?.contracts.map((contract) => contract.type) ?? [];
  const set = (name) => (event) => setQuery({ [name]: event.target.value, cursor: '' });
  const columns = [
    {
      name: 'actor',
      title: 'Actor',
      wide: true,
      cell: (row) => html`<${ActorLink} type=${row.type} actorKey=${row.key} />`,
      text: (row) => `${row.type} ${row.key}`,
    },
    figure('waiting', 'Waiting'),
    figure('active', 'Active', true),
    figure('delayed', 'Delayed', true),
    figure('failed', 'Failed'),
    {
      name: 'oldest',
      title: 'Oldest',
      cell: ({ oldestAt }) => html`<${Ago} at=${oldestAt} />`,
      sort: (row) => row.oldestAt,
    },
    {
      name: 'why',
      title: 'Stands still',
      below: true,
      cell: (row) =>
        row.parked !== undefined
          ? html`<span class="bad"><${ParkedWhy} parked=${row.parked} /></span>${' '}
              <${Release}
                type=${row.type}
                actorKey=${row.key}
                message=${row.parked.message}
                onDone=${answer.reload}
              />`
          : row.node === undefined && html`<span class="bad">no node holds shard ${row.shard}</span>`,
      text: (row) => (row.parked === undefined ? '' : `parked ${row.parked.reason}`),
    },
    {
      name: 'node',
      title: 'Node',
      minor: true,
      cell: ({ node = '' }) => html`<code class="nowrap" title=${node}>${node.slice(0, 8)}</code>`,
      text: ({ node }) => node,
    },
  ];
  return html`
    <div class="bar">
      <h1>Mailboxes</h1>
      <${FilterField} />
      <label
        >Type${' '}
        <select value=${type ?? ''} onChange=${set('type')}>
          <option value="">any</option>
          ${types.map((each) => html`<option value=${each}>${each}</option>`)}
        </select></label
      >
      ${type && html`<label>Key begins with <input size="14" value=${key ?? ''} onChange=${set('key')} /></label>`}
      <label
        >With${' '}
        <select value=${state ?? ''} onChange=${set('state')}>
          <option value="">anything</option>
          ${states.map((each) => html`<option value=${each}>${each}</option>`)}
        </select></label
      >
      <label
        >First${' '}
        <select value=${order ?? 'deepest'} onChange=${set('order')}>
          <option value="deepest">the deepest</option>
          <option value="oldest">the oldest</option>
        </select></label
      >
      <a class="push" href=${addressOf('/mailboxes/board/')}>Bull Board</a>
    </div>
    <${Answer} of=${answer}>
      ${({ items, cursor: next, isPartial }) => html`
        ${isPartial && html`<p class="warn">Of some shard, only the first thousand mailboxes were looked at.</p>`}
        <${Table}
          label="Mailboxes"
          columns=${columns}
          rows=${items}
          keyOf=${(row) => `${row.type}/${row.key}`}
          empty="No message waits. An idle actor has no mailbox."
        />
        <p class="buttons">
          ${cursor && html`<${Link} to=${addressOf(here, { ...query, cursor: '' })}>First page<//>`}
          ${next && html`<${Link} to=${addressOf(here, { ...query, cursor: next })}>Next page<//>`}
        </p>
      `}
    <//>
  `;
}

const figure = (name, title, minor = false) => ({
  name,
  title,
  minor,
  end: true,
  cell: (row) =>
    html`<span class=${row[name] === 0 ? 'faint' : name === 'failed' ? 'bad' : ''}
      >${number(row[name])}</span
    >`,
  sort: (row) => row[name],
});
