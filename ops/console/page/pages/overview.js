import { html } from '../html.js';
import { Ago } from '../format.js';
import { Link } from '../location.js';
import { Answer } from '../state.js';
import { Table } from '../table.js';
import { usePolled } from '../use-polled.js';

const columns = [
  { name: 'what', title: 'What is stuck', cell: ({ what, page }) => html`<${Link} to=${page}>${what}<//>` },
  { name: 'why', title: 'Why', cell: ({ why }) => why },
  { name: 'since', title: 'Since', minor: true, cell: ({ since }) => html`<${Ago} at=${since} />` },
  {
    name: 'may',
    title: 'What you may do',
    below: true,
    cell: ({ may, page }) => html`<${Link} to=${page}>${may}<//>`,
  },
];

/** The three questions of somebody who was woken up. */
export default function Overview() {
  const answer = usePolled('overview');
  return html`
    <div class="bar"><h1>Overview</h1></div>
    <${Answer} of=${answer}>
      ${({ troubles }) => html`
        ${
          troubles.length === 0
            ? html`<p class="good" role="status">Nothing is stuck.</p>`
            : html`<${Table}
                label="What is stuck"
                columns=${columns}
                rows=${troubles}
                keyOf=${({ what, page }) => `${what} ${page}`}
              />`
        }
      `}
    <//>
  `;
}
