import { html } from './html.js';
import { setQuery, useAddress } from './location.js';

/**
 * A dense table. A column is `{ name, title, cell(row), text?(row), sort?(row), end?, minor?, below?, wide? }`: `text` is
 * what the filter looks at, `sort` a number or text to order by, `end` aligns figures. On a narrow screen `minor` gives way,
 * `below` stands under the others, and `wide` gets more of the room. What is filtered and how it is ordered stand in the
 * address (`q`, `by`).
 */
export function Table({ columns, rows, keyOf, empty = 'Nothing here.', label, chosen }) {
  const { query } = useAddress();
  const shown = ordered(filtered(rows, columns, query.q ?? ''), columns, query.by);
  return html`
    <div class="scroll" role="region" aria-label=${label} tabindex="0">
      <table>
        <thead>
          <tr>
            ${columns.map((column) => html`<${Head} column=${column} by=${query.by} />`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (row) =>
              html`<tr
                key=${keyOf(row)}
                class=${chosen !== undefined && keyOf(row) === chosen ? 'chosen' : ''}
              >
                ${columns.map(
                  (column) =>
                    html`<td class=${classOf(column)} data-title=${column.title}>${column.cell(row)}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
      ${shown.length === 0 && html`<p class="empty">${rows.length === 0 ? empty : 'Nothing matches the filter.'}</p>`}
    </div>
  `;
}

function Head({ column, by = '' }) {
  const { name, title, sort } = column;
  if (sort === undefined) return html`<th class=${classOf(column)} scope="col">${title}</th>`;
  const [current, direction] = [by.replace(/^-/, ''), by.startsWith('-') ? 'descending' : 'ascending'];
  const next = by === `-${name}` ? name : by === name ? undefined : `-${name}`;
  return html`<th class=${classOf(column)} scope="col" aria-sort=${current === name ? direction : 'none'}>
    <button class="plain" onClick=${() => setQuery({ by: next })}>
      ${title}${current === name && html`<span aria-hidden="true"> ${direction === 'ascending' ? '↑' : '↓'}</span>`}
    </button>
  </th>`;
}

const classOf = ({ end, minor, below, wide }) =>
  [end && 'end', minor && 'minor', below && 'below', wide && 'wide'].filter(Boolean).join(' ');

/** Those rows that hold each word of the text; all, where no column is looked at. */
export function filtered(rows, columns, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const searched = columns.flatMap((column) => column.text ?? []);
  if (words.length === 0 || searched.length === 0) return rows;
  return rows.filter((row) => {
    const whole = searched
      .map((read) => String(read(row) ?? ''))
      .join(' ')
      .toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}

function ordered(rows, columns, by = '') {
  const column = columns.find(({ name }) => name === by.replace(/^-/, ''));
  if (column?.sort === undefined) return rows;
  const sign = by.startsWith('-') ? -1 : 1;
  return [...rows].sort((a, b) => sign * compare(column.sort(a), column.sort(b)));
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === undefined || a === null) return 1;
  if (b === undefined || b === null) return -1;
  return a < b ? -1 : 1;
}

/** The field that filters a table as one types; `/` leads to it. */
export function FilterField({ label = 'Filter' }) {
  const { query } = useAddress();
  return html`<label class="filter"
    ><span class="hidden">${label}</span
    ><input
      type="search"
      id="filter"
      placeholder=${`${label}  /`}
      value=${query.q ?? ''}
      autocomplete="off"
      spellcheck="false"
      onInput=${(event) => setQuery({ q: event.target.value || undefined })}
  /></label>`;
}
