import { useState } from 'preact/hooks';
import { ActionButton, ReasonField } from '../dialog.js';
import { ActorLink } from '../actor-link.js';
import { html } from '../html.js';
import { Ago, Excerpt, Json, moment, number, plural } from '../format.js';
import { Link, addressOf, setQuery, useAddress } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

const here = '/dead-letters';

/** Messages that failed for good: what they are, why they died, and another try for them. */
export default function DeadLetters() {
  const { query } = useAddress();
  const { cursor, id, type, key, reason } = query;
  const which = { type, key, reason };
  const answer = usePolled('dead-letters', { ...which, cursor });
  const set = (name) => (event) => setQuery({ [name]: event.target.value, cursor: '' });
  const columns = [
    {
      name: 'message',
      title: 'Message',
      cell: (row) =>
        html`<${Link} to=${addressOf(here, { ...query, id: row.id })}><code>${row.message}</code><//>`,
      text: ({ message }) => message,
      sort: ({ message }) => message,
    },
    {
      name: 'actor',
      title: 'Actor',
      cell: (row) => html`<${ActorLink} type=${row.type} actorKey=${row.key} />`,
      text: ({ type, key }) => `${type} ${key}`,
      sort: ({ type, key }) => `${type} ${key}`,
    },
    { name: 'reason', title: 'Why', below: true, cell: ({ reason }) => reason, text: ({ reason }) => reason },
    { name: 'at', title: 'Died', cell: ({ at }) => html`<${Ago} at=${at} />`, sort: ({ at }) => at },
    { name: 'attempts', title: 'Tried', end: true, minor: true, cell: ({ attempts }) => number(attempts) },
  ];
  return html`
    <div class="bar">
      <h1>Dead letters</h1>
      <${FilterField} />
      <label>Type <input size="10" value=${type ?? ''} onChange=${set('type')} /></label>
      ${type && html`<label>Key <input size="14" value=${key ?? ''} onChange=${set('key')} /></label>`}
      <label>Why <input size="18" value=${reason ?? ''} onChange=${set('reason')} /></label>
    </div>
    <${Answer} of=${answer}>
      ${({ items, cursor: next }) => html`
        <${Table}
          label="Dead letters"
          columns=${columns}
          rows=${items}
          keyOf=${(row) => row.id}
          chosen=${id}
          empty="No message has failed for good."
        />
        <${Many} which=${which} items=${items} onDone=${answer.reload} />
        ${next && html`<p><${Link} to=${addressOf(here, { ...query, cursor: next })}>Those that died later<//></p>`}
      `}
    <//>
    ${id !== undefined && html`<${Letter} key=${id} id=${id} query=${query} onGone=${answer.reload} />`}
  `;
}

/** What may be done to all that are listed: those of the fields above, not of the filter that is typed. */
function Many({ onDone, ...now }) {
  // The dialog goes on telling of what it was opened for.
  const [held, hold] = useState();
  const { which, items } = held ?? now;
  if (items.length < 2) return null;
  const times = items.map(({ at }) => at);
  // Those listed: what fails again meanwhile is younger, and is not met.
  const span = { newerThan: Math.min(...times), olderThan: Math.max(...times) + 1 };
  const body = { which: { ...which, ...span }, limit: items.length };
  const opened = (isOpen) => hold(isOpen ? now : undefined);
  const what = plural(items.length, 'dead letter');
  const preview = html`<ul class="preview">
    ${items.slice(0, 8).map(({ type, key, message, reason }) => html`<li><code>${message}</code>${` of ${type} ${key}: ${reason}`}</li>`)}
    ${items.length > 8 && html`<li class="faint">${`and ${number(items.length - 8)} more`}</li>`}
  </ul>`;
  return html`<p class="buttons">
    <${ActionButton}
      label=${`Replay these ${number(items.length)}`}
      title=${`Replay ${what}`}
      path="dead-letters/replay"
      body=${body}
      onDone=${onDone}
      onOpenChange=${opened}
    >
      ${preview}
      <p>The oldest first, each behind what waits in its mailbox, under its own message id.</p>
    <//>
    <${ActionButton}
      label=${`Discard these ${number(items.length)}`}
      title=${`Discard ${what}`}
      path="dead-letters/discard"
      body=${body}
      danger
      onDone=${onDone}
      onOpenChange=${opened}
    >
      ${preview}
      <p>They are gone for good.</p>
      <${ReasonField} />
    <//>
  </p>`;
}

function Letter({ id, query, onGone }) {
  const answer = usePolled('dead-letter', { id }, { everyMs: 0 });
  return html`<section class="detail" aria-label="Dead letter">
    <${Answer} of=${answer}>
      ${(letter) => html`
        <div class="bar">
          <h2>${letter.message} of ${letter.type} ${letter.key}</h2>
          <span class="buttons push">
            <${ActionButton}
              label="Replay"
              title="Replay this message"
              path="dead-letter/replay"
              body=${{ id }}
              onDone=${onGone}
            >
              <p>
                It is sent again, behind what waits in the mailbox, under the same message id: if it was
                applied after all, it changes nothing. Whoever asked was told of the failure, and is not
                answered now.
              </p>
            <//>
            <${ActionButton}
              label="Discard"
              title="Discard this message"
              path="dead-letter/discard"
              body=${{ id }}
              danger
              onDone=${onGone}
            >
              <p>It is gone for good. What is on record is its id, your name and the reason.</p>
              <${ReasonField} />
            <//>
            <${Link} to=${addressOf(here, { ...query, id: '' })}>Close<//>
          </span>
        </div>
        <p class="problem">${letter.reason}</p>
        <dl class="facts">
          <dt>Sent</dt>
          <dd>${moment(letter.sentAt)} UTC</dd>
          <dt>Died</dt>
          <dd>${moment(letter.at)} UTC, after ${number(letter.attempts)} tries</dd>
          <dt>Message id</dt>
          <dd><code>${letter.messageId}</code></dd>
          <dt>Request</dt>
          <dd><code>${letter.requestId ?? 'none'}</code></dd>
          <dt>Trace</dt>
          <dd><code>${letter.traceparent?.split('-')[1] ?? 'none'}</code></dd>
        </dl>
        ${
          letter.causes?.length > 1 &&
          html`<h3>What caused it</h3>
            <ol class="causes">
              ${letter.causes.map((cause) => html`<li>${cause}</li>`)}
            </ol>`
        }
        <h3>Input</h3>
        <${Json} value=${letter.input} />
        <h3>State of the actor then</h3>
        <${Excerpt} of=${letter.state} />
      `}
    <//>
  </section>`;
}
