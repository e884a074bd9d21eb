import { ActionButton, ReasonField } from '../dialog.js';
import { html } from '../html.js';
import { Ago, Json, moment, number } from '../format.js';
import { Link, addressOf, useAddress } from '../location.js';
import { Answer } from '../state.js';
import { FilterField, Table } from '../table.js';
import { usePolled } from '../use-polled.js';

const here = '/dead-letters';

/** Messages that failed for good: what they are, why they died, and another try for them. */
export default function DeadLetters() {
  const { query } = useAddress();
  const { cursor, id } = query;
  const answer = usePolled('dead-letters', { cursor }, { everyMs: 5_000 });
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
      cell: ({ type, key }) => html`<code>${type} ${key}</code>`,
      text: ({ type, key }) => `${type} ${key}`,
      sort: ({ type, key }) => `${type} ${key}`,
    },
    { name: 'reason', title: 'Why', cell: ({ reason }) => reason, text: ({ reason }) => reason },
    { name: 'at', title: 'Died', cell: ({ at }) => html`<${Ago} at=${at} />`, sort: ({ at }) => at },
    { name: 'attempts', title: 'Tried', end: true, minor: true, cell: ({ attempts }) => number(attempts) },
  ];
  return html`
    <div class="bar">
      <h1>Dead letters</h1>
      <${FilterField} />
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
        ${next && html`<p><${Link} to=${addressOf(here, { ...query, cursor: next })}>Those that died later<//></p>`}
      `}
    <//>
    ${id !== undefined && html`<${Letter} key=${id} id=${id} query=${query} onGone=${answer.reload} />`}
  `;
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
        <h3>Input</h3>
        <${Json} value=${letter.input} />
      `}
    <//>
  </section>`;
}
