import { ActionButton } from './dialog.js';
import { html } from './html.js';
import { Link, addressOf } from './location.js';
import { Release } from './release.js';

/** What an operator may order of a saga, of its summary. */
export function SagaOrders({ machine, summary, onDone }) {
  const { mayResume, mayCompensate, parked, actor } = summary;
  const body = { machine, id: summary.id };
  return html`
    ${
      parked &&
      html`<${Release}
        type=${parked.type}
        actorKey=${parked.key}
        message=${parked.message}
        onDone=${onDone}
      />`
    }
    ${
      mayResume &&
      html`<${ActionButton}
        label="Try now"
        title=${`Try ${summary.waits?.label ?? summary.state} now`}
        path="saga/resume"
        body=${body}
        onDone=${onDone}
      >
        <p>The step that it waits for is tried at once. What is under way counts as of unknown outcome.</p>
      <//>`
    }
    ${
      mayCompensate &&
      html`<${ActionButton}
        label="Give up and undo"
        title=${`Give up ${summary.subject}'s ${machine}`}
        path="saga/compensate"
        body=${body}
        danger
        onDone=${onDone}
      >
        <p>
          It fails, and all that was done is undone; what was paid is paid back. There is no way back from
          that.
        </p>
        <label>Why, for the record <input name="reason" required maxlength="500" autocomplete="off" /></label>
      <//>`
    }
    ${actor && html`<${Link} class="nowrap" to=${addressOf('/actors', actor)}>Its actor<//>`}
  `;
}
