import { useState } from 'preact/hooks';
import { ActionButton } from '../dialog.js';
import { html } from '../html.js';
import { failureColumns } from '../failure-columns.js';
import { Ago, Excerpt, duration, moment, number, plural } from '../format.js';
import { Link, addressOf, useAddress } from '../location.js';
import { ParkedWhy, Release } from '../release.js';
import { SchemaForm, readForm } from '../schema-form.js';
import { Answer } from '../state.js';
import { Table } from '../table.js';
import { usePolled } from '../use-polled.js';

/** One actor: its state, what waits for it, what it wants, what failed of it, and what may be done. */
export function Actor({ type, actorKey: key, contract }) {
  const { query } = useAddress();
  const answer = usePolled('actor', { type, key }, { everyMs: 3_000 });
  return html`<${Answer} of=${answer}>
    ${({ actor, problem, mailbox }) => html`
      <div class="bar">
        <h2>${type} ${key}</h2>
        <span class="buttons push">
          ${mailbox.parked && html`<${Release} type=${type} actorKey=${key} message=${mailbox.parked.message} onDone=${answer.reload} />`}
          ${contract && html`<${Send} type=${type} actorKey=${key} contract=${contract} onDone=${answer.reload} />`}
          <${ActionButton}
            label="Passivate"
            title=${`Passivate ${type} ${key}`}
            path="actor/passivate"
            body=${{ type, key }}
            onDone=${answer.reload}
          >
            <p>
              It leaves memory after the turn under way, and is read from its store with the next message.
              Effects that run start anew, under the same ids.
            </p>
          <//>
          <${Link} to=${addressOf('/dead-letters', { type, key })}>Dead letters<//>
          <a href=${`/mailboxes/board/?${new URLSearchParams({ type, key })}`}>Bull Board</a>
        </span>
      </div>
      ${mailbox.parked && html`<p class="problem"><${ParkedWhy} parked=${mailbox.parked} /></p>`}
      ${problem !== undefined && html`<p class="problem">Its node could not be asked: ${problem}</p>`}
      ${actor?.problem !== undefined && html`<p class="problem">It could not go on: ${actor.problem}</p>`}
      ${actor !== undefined && html`<${Known} actor=${actor} />`}
      <${Mailbox} type=${type} actorKey=${key} mailbox=${mailbox} job=${query.job} />
    `}
  <//>`;
}

function Known({ actor }) {
  const { node, activation, version, updatedAt, schema, counts, effects, reminders, waiting, failures } =
    actor;
  return html`
    <dl class="facts">
      <dt>In memory</dt>
      <dd><${Activation} of=${activation} /></dd>
      <dt>Node</dt>
      <dd><code>${node}</code></dd>
      <dt>Version</dt>
      <dd>
        ${version === 0 ? 'nothing is stored' : html`<code>${version}</code>, written <${Ago} at=${updatedAt} />, ${`schema ${schema}`}`}
        ${actor.isUnwritten && html` <span class="warn">newer in memory: its write waits for an effect</span>`}
      </dd>
      <dt>Remembers</dt>
      <dd>${plural(counts.applied, 'applied message')}</dd>
    </dl>
    <h3>State</h3>
    <${Excerpt} of=${actor.state} />
    <${Wanted} title="Effects that it wants" items=${effects} count=${counts.effects} />
    <${Wanted} title="Reminders" items=${reminders} count=${counts.reminders} />
    ${
      counts.waiting > 0 &&
      html`<h3>Who waits for an answer: ${number(counts.waiting)}</h3>
        <${Table}
          label="Who waits for an answer"
          columns=${waitingColumns}
          rows=${waiting}
          keyOf=${({ messageId }) => messageId}
        />`
    }
    ${
      failures.length > 0 &&
      html`<h3>What failed on this node</h3>
        <${Table}
          label="What failed"
          columns=${failureColumns}
          rows=${failures}
          keyOf=${({ at, name }) => `${at} ${name}`}
        />`
    }
  `;
}

function Activation({ of }) {
  if (of === undefined) return 'no';
  const failed = `${plural(of.failedTurns, 'turn')} failed since one went well`;
  return html`since <${Ago} at=${of.since} />, ${`idle for ${duration(of.idleMs)}`}
    ${of.failedTurns > 0 && html`<span class="bad">, ${failed}</span>`}`;
}

function Wanted({ title, items, count }) {
  if (count === 0) return null;
  return html`<h3>${title}: ${number(count)}</h3>
    <${Table} label=${title} columns=${effectColumns} rows=${items} keyOf=${({ id }) => id} />`;
}

const effectColumns = [
  { name: 'name', title: 'Name', cell: ({ name, id }) => html`<code title=${id}>${name}</code>` },
  {
    name: 'due',
    title: 'Due',
    cell: ({ dueAt }) =>
      dueAt > Date.now()
        ? html`<span title=${moment(dueAt)}>in ${duration(dueAt - Date.now())}</span>`
        : html`<${Ago} at=${dueAt} />`,
  },
  {
    name: 'error',
    title: 'Last error',
    cell: ({ lastError, attempts }) =>
      html`<span class="bad">${lastError}</span>${attempts > 0 && ` (${plural(attempts, 'try', 'tries')})`}`,
  },
  {
    name: 'input',
    title: 'Input',
    minor: true,
    cell: ({ input }) => html`<code>${input.json}${input.isCut && '…'}</code>`,
  },
  {
    name: 'trace',
    title: 'Trace',
    minor: true,
    cell: ({ traceparent }) => html`<code>${traceOf(traceparent)}</code>`,
  },
];

const waitingColumns = [
  { name: 'message', title: 'Message', cell: ({ message }) => html`<code>${message}</code>` },
  { name: 'id', title: 'Message id', cell: ({ messageId }) => html`<code>${messageId}</code>` },
  { name: 'tag', title: 'Tag', cell: ({ tag }) => html`<code>${tag?.json}</code>` },
];

const traceOf = (traceparent) => traceparent?.split('-')[1] ?? '';

function Mailbox({ type, actorKey: key, mailbox, job }) {
  const { query } = useAddress();
  const columns = [
    {
      name: 'message',
      title: 'Message',
      cell: (row) =>
        html`<${Link} to=${addressOf('/actors', { ...query, job: row.jobId })}
          ><code>${row.message}</code><//
        >`,
    },
    {
      name: 'state',
      title: 'State',
      cell: ({ state }) => html`<span class=${state === 'failed' ? 'bad' : ''}>${state}</span>`,
    },
    { name: 'sent', title: 'Sent', cell: ({ sentAt }) => html`<${Ago} at=${sentAt} />` },
    { name: 'starts', title: 'Taken', end: true, minor: true, cell: ({ starts }) => number(starts) },
    { name: 'reason', title: 'Why', cell: ({ reason }) => reason },
    {
      name: 'request',
      title: 'Request',
      minor: true,
      cell: ({ requestId }) => html`<code>${requestId}</code>`,
    },
    {
      name: 'trace',
      title: 'Trace',
      minor: true,
      cell: ({ traceparent }) => html`<code>${traceOf(traceparent)}</code>`,
    },
  ];
  const { waiting, active, delayed, failed, shard } = mailbox;
  return html`
    <h3>
      ${`Mailbox: ${number(waiting)} waiting, ${number(active)} active, ${number(delayed)} delayed, ${number(failed)} failed`}
    </h3>
    <${Table}
      label="Messages in the mailbox"
      columns=${columns}
      rows=${mailbox.messages}
      keyOf=${({ jobId }) => jobId}
      chosen=${job}
      empty=${`No message waits. Its shard is ${shard}.`}
    />
    ${job !== undefined && html`<${Message} key=${job} type=${type} actorKey=${key} job=${job} />`}
  `;
}

function Message({ type, actorKey: key, job }) {
  const { query } = useAddress();
  const answer = usePolled('message', { type, key, job }, { everyMs: 0 });
  return html`<section class="detail" aria-label="Message">
    <${Answer} of=${answer}>
      ${(message) => html`
        <div class="bar">
          <h2>${message.message}, ${message.state}</h2>
          <span class="push"><${Link} to=${addressOf('/actors', { ...query, job: '' })}>Close<//></span>
        </div>
        <dl class="facts">
          <dt>Job</dt>
          <dd><code>${message.jobId}</code></dd>
          <dt>Message id</dt>
          <dd><code>${message.messageId ?? ''}</code></dd>
          <dt>Sent</dt>
          <dd>${moment(message.sentAt)} UTC, taken ${plural(message.starts, 'time')}</dd>
          <dt>Answer</dt>
          <dd>
            ${message.deadline === undefined ? 'nobody waits' : `wanted until ${moment(message.deadline)} UTC`}
          </dd>
          <dt>Request</dt>
          <dd><code>${message.requestId ?? 'none'}</code></dd>
          <dt>Trace</dt>
          <dd><code>${traceOf(message.traceparent) || 'none'}</code></dd>
          ${
            message.reason &&
            html`<dt>Why it failed</dt>
              <dd class="bad">${message.reason}</dd>`
          }
        </dl>
        <h3>Input</h3>
        <${Excerpt} of=${message.input} />
      `}
    <//>
  </section>`;
}

function Send({ type, actorKey: key, contract, onDone }) {
  const [name, setName] = useState(contract.messages[0]?.name);
  const [messageId] = useState(newId);
  const message = contract.messages.find((each) => each.name === name);
  const send = (fields) => ({
    type,
    key,
    message: name,
    messageId: fields.messageId,
    input: readForm(message?.input, fields),
  });
  return html`<${ActionButton}
    label="Send"
    title=${`Send ${type} ${key} a message`}
    path="actor/send"
    body=${send}
    onDone=${onDone}
  >
    <label
      >Message<select value=${name} onChange=${(event) => setName(event.target.value)}>
        ${contract.messages.map((each) => html`<option value=${each.name}>${each.name}</option>`)}
      </select></label
    >
    <p class="faint">
      ${message?.readOnly ? 'It changes nothing.' : 'It may change the actor.'}${' '}
      ${message?.hasOutput ? 'Its answer is shown here.' : 'It has no answer: it is in the mailbox then.'}
    </p>
    <${SchemaForm} key=${name} schema=${message?.input} />
    <label
      >Message id, under which it counts once<input
        name="messageId"
        required
        maxlength="200"
        defaultValue=${messageId}
    /></label>
  <//>`;
}

/** Also where the page has no secure context, which `randomUUID` wants. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `by-hand-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
