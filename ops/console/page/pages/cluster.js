import { html } from '../html.js';
import { Ago, bytes, duration, number, percent, plural } from '../format.js';
import { useAddress, setQuery } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

/** Who takes part in the cluster, who holds what, and what has moved. */
export default function Cluster() {
  const answer = usePolled('cluster');
  return html`
    <div class="bar">
      <h1>Cluster</h1>
      <${FilterField} />
    </div>
    <${Answer} of=${answer}>
      ${({ nodes, shards, moves }) => html`
        <h2>${plural(nodes.length, 'node')}</h2>
        <${Table}
          label="Nodes"
          columns=${nodeColumns}
          rows=${nodes}
          keyOf=${({ name }) => name}
          empty="No node lives: what is sent waits."
        />
        <${ShardGrid} nodes=${nodes} shards=${shards} />
        <h2>Moves</h2>
        <${Table}
          label="Moves of shards"
          columns=${moveColumns}
          rows=${moves}
          keyOf=${({ shard, at, why }) => `${shard} ${at} ${why}`}
          empty="No shard has moved of late."
        />
      `}
    <//>
  `;
}

const short = (name) => (name === undefined ? '' : name.slice(0, 8));

const nodeColumns = [
  {
    name: 'node',
    title: 'Node',
    cell: ({ name, process, version, isReporting }) =>
      html`<code title=${name}>${short(name)}</code> ${
          isReporting
            ? html`<span class="faint">${process} ${version}</span>`
            : html`<span class="warn">does not report</span>`
        }`,
    text: ({ name, process, version }) => `${name} ${process} ${version}`,
  },
  {
    name: 'up',
    title: 'Up since',
    cell: ({ startedAt }) => html`<${Ago} at=${startedAt} />`,
    minor: true,
    sort: (n) => n.startedAt,
  },
  { name: 'seen', title: 'Seen', cell: ({ lastSeenAt }) => html`<${Ago} at=${lastSeenAt} />`, minor: true },
  { name: 'shards', title: 'Shards', end: true, cell: ({ shards }) => number(shards), sort: (n) => n.shards },
  {
    name: 'active',
    title: 'In memory',
    end: true,
    cell: ({ activations = {} }) =>
      html`<span
        title=${Object.entries(activations)
          .map(([type, count]) => `${type} ${count}`)
          .join(', ')}
        >${number(total(activations))}</span
      >`,
    sort: ({ activations = {} }) => total(activations),
  },
  {
    name: 'turns',
    title: 'Turns/s',
    end: true,
    cell: (n) => number(round(n.turnsPerSecond)),
    sort: (n) => n.turnsPerSecond,
  },
  {
    name: 'retries',
    title: 'Retries/s',
    end: true,
    minor: true,
    cell: (n) =>
      html`<span class=${n.retriesPerSecond > 0 ? 'warn' : ''}>${number(round(n.retriesPerSecond))}</span>`,
    sort: (n) => n.retriesPerSecond,
  },
  {
    name: 'delay',
    title: 'Loop delay',
    end: true,
    cell: (n) => html`<span class=${n.loopDelayMs > 200 ? 'bad' : ''}>${duration(n.loopDelayMs)}</span>`,
    sort: (n) => n.loopDelayMs,
  },
  {
    name: 'memory',
    title: 'Memory',
    end: true,
    minor: true,
    cell: (n) =>
      html`<span title="of the heap, and of the whole process"
        >${n.memoryInUse > 0 && `${percent(n.memoryInUse)}, `}${bytes(n.residentBytes)}</span
      >`,
    sort: (n) => n.memoryInUse,
  },
];

const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);
const round = (value) =>
  value === undefined ? undefined : value < 10 ? Math.round(value * 10) / 10 : Math.round(value);

/** A square for each shard, in the colour of its node; an empty one has none. */
function ShardGrid({ nodes, shards }) {
  const { query } = useAddress();
  const names = nodes.map(({ name }) => name);
  const without = shards.filter(({ lease }) => lease === undefined).length;
  const chosen = shards.find(({ shard }) => String(shard) === query.shard);
  return html`
    <h2>
      ${plural(shards.length, 'shard')}${without > 0 && html`, <span class="bad">${number(without)} held by nobody</span>`}
    </h2>
    <ul class="shards" aria-label="Shards">
      ${shards.map(({ shard, lease, readyActors }) => {
        const at = lease === undefined ? -1 : names.indexOf(lease.node);
        const said = lease === undefined ? 'held by nobody' : `held by ${short(lease.node)}`;
        return html`<li>
          <button
            class=${lease === undefined ? 'shard unheld' : `shard node-${at < 0 ? 'gone' : at % 8}`}
            aria-pressed=${chosen?.shard === shard}
            title=${`shard ${shard}, ${said}, ${plural(readyActors, 'actor')} ready`}
            onClick=${() => setQuery({ shard: chosen?.shard === shard ? '' : shard })}
          >
            ${shard}${readyActors > 0 && html`<span class="ready">${number(readyActors)}</span>`}
          </button>
        </li>`;
      })}
    </ul>
    ${
      chosen !== undefined &&
      html`<p role="status">
        Shard ${chosen.shard}:${' '}
        ${
          chosen.lease === undefined
            ? html`<span class="bad">nobody holds it; what is sent to its actors waits.</span>`
            : html`held by <code>${chosen.lease.node}</code> since <${Ago} at=${chosen.lease.heldSince} />,
                token${' '} <code>${chosen.lease.token}</code>, runs out
                in${' '}${duration(chosen.lease.expiresInMs)} unless renewed.`
        }
        ${' '}${plural(chosen.readyActors, 'actor')} with something to do.
      </p>`
    }
  `;
}

const moveColumns = [
  { name: 'at', title: 'When', cell: ({ at }) => html`<${Ago} at=${at} />` },
  {
    name: 'shard',
    title: 'Shard',
    end: true,
    cell: ({ shard }) => shard,
    text: ({ shard }) => `shard ${shard}`,
  },
  {
    name: 'why',
    title: 'What',
    cell: ({ why }) => html`<span class=${why === 'lost' ? 'warn' : ''}>${why}</span>`,
    text: ({ why }) => why,
  },
  {
    name: 'from',
    title: 'From',
    cell: ({ from }) => html`<code title=${from}>${short(from)}</code>`,
    text: ({ from }) => from,
  },
  {
    name: 'to',
    title: 'To',
    cell: ({ to }) => html`<code title=${to}>${short(to)}</code>`,
    text: ({ to }) => to,
  },
];
