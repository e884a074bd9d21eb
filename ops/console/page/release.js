import { ActionButton } from './dialog.js';
import { Ago, plural } from './format.js';
import { html } from './html.js';

/** Why and since when an actor is parked. */
export function ParkedWhy({ parked: { at, message, attempts, reason } }) {
  const tried = attempts > 0 ? `, after ${plural(attempts, 'try', 'tries')}` : '';
  const where = message && html` at <code>${message}</code>`;
  return html`Parked <${Ago} at=${at} />${where}${`${tried}: ${reason}`}`;
}

/** Lets a parked actor go on. */
export function Release({ type, actorKey: key, message, onDone }) {
  return html`<${ActionButton}
    label="Release"
    title=${`Release ${type} ${key}`}
    path="parked/release"
    body=${(fields) => ({ type, key, firstMessage: fields.firstMessage ?? 'retry' })}
    onDone=${onDone}
  >
    <p>It goes on with what waits in its mailbox.</p>
    ${
      message === undefined
        ? html`<p>What it failed at is no message: it is tried again.</p>`
        : html`<fieldset>
            <legend>The message that it failed at, <code>${message}</code></legend>
            <label
              ><input type="radio" name="firstMessage" value="retry" checked /> is tried again, first of
              all</label
            >
            <label><input type="radio" name="firstMessage" value="give-up" /> becomes a dead letter</label>
          </fieldset>`
    }
  <//>`;
}
