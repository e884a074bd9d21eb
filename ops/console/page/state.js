import { html } from './html.js';
import { Ago } from './format.js';

/** What stands around an answer that is asked for again and again: its absence, its age, why it is not newer. */
export function Answer({ of, children }) {
  const { value, error, at, reload } = of;
  return html`
    ${
      error !== undefined &&
      html`<p class="problem" role="alert">
        ${error.message}${at !== undefined && html` What follows is of <${Ago} at=${at} />.`}
        <button onClick=${reload}>Try again</button>
      </p>`
    }
    ${value === undefined ? error === undefined && html`<p class="faint" role="status">Looking…</p>` : children(value)}
  `;
}
