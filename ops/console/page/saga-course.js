import { useLayoutEffect } from 'preact/hooks';
import { wordsOf } from 'trolley-statechart/chart-view.js';
import { Ago, Json, duration, moment, number } from './format.js';
import { html } from './html.js';
import { setQuery } from './location.js';
import { ParkedWhy } from './release.js';
import { SagaOrders } from './saga-orders.js';

/** The course of one saga: how it stands, what may be ordered, and each step with the context that it led to. */
export function Course({ run, step, chart, machine, reload }) {
  const { summary, steps, path, notes } = run;
  const doesWait = [summary.waits, summary.parked, summary.unreadable].some((each) => each !== undefined);
  const last = steps.length - 1;
  const goTo = (index) => setQuery({ step: Math.min(Math.max(index, 0), last) });
  // At once, so that the next key steps on from the step that is shown.
  useLayoutEffect(() => {
    const keys = {
      ArrowLeft: () => goTo(step - 1),
      ArrowRight: () => goTo(step + 1),
      Home: () => goTo(0),
      End: () => goTo(last),
      Escape: () => setQuery({ id: undefined, step: undefined }),
    };
    const press = (event) => {
      if (
        event.target.matches('input, select, textarea') ||
        document.querySelector('dialog') !== null ||
        keys[event.key] === undefined
      )
        return;
      event.preventDefault();
      keys[event.key]();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [step, last]);
  const now = steps[step];
  return html`
    <h2><code>${summary.id}</code></h2>
    <p>
      ${`${summary.subject}, `}<strong>${summary.state}</strong>
      ${summary.failure === undefined ? '' : `, ${summary.failure}`}
      <span class="faint">${' begun '}<${Ago} at=${summary.startedAt} /></span>
    </p>
    ${doesWait && html`<p class="note"><${Hangs} saga=${summary} /></p>`}
    <p class="buttons"><${SagaOrders} machine=${machine} summary=${summary} onDone=${reload} /></p>
    ${run.traceId !== undefined && html`<p>Trace <code>${run.traceId}</code></p>`}
    <p class="buttons">
      <button title="Home" disabled=${step === 0} onClick=${() => goTo(0)}>⇤</button>
      <button title="Arrow left" disabled=${step === 0} onClick=${() => goTo(step - 1)}>← back</button>
      <output>${step + 1} of ${steps.length}</output>
      <button title="Arrow right" disabled=${step === last} onClick=${() => goTo(step + 1)}>forth →</button>
      <button title="End" disabled=${step === last} onClick=${() => goTo(last)}>⇥</button>
      <button title="Escape" onClick=${() => setQuery({ id: undefined, step: undefined })}>close</button>
    </p>
    <ol class="course">
      ${steps.map(
        (each, index) =>
          html`<li key=${index}>
            <button aria-current=${index === step ? 'step' : undefined} onClick=${() => goTo(index)}>
              <span class=${each.error === undefined ? (each.isCompensation ? 'warn' : '') : 'bad'}
                >${`${index + 1}. `}${each.leftOut === undefined ? (each.event ?? 'begins') : leftOut(each.leftOut)}${each.attempt > 0 && each.error !== undefined ? ` ×${each.attempt}` : ''}</span
              >
              <span class="faint">${duration(path.steps[index]?.durationMs)}</span>
            </button>
          </li>`,
      )}
    </ol>
    ${
      now !== undefined &&
      html`
        <p class="faint">${moment(now.at)} UTC → ${now.state}</p>
        ${(path.steps[step]?.transitions ?? []).map((id) => {
          const transition = chart?.transitions.find((each) => each.id === id);
          return transition && html`<p>${wordsOf(chart, transition)}</p>`;
        })}
        ${now.error !== undefined && html`<p class="bad">${now.error.code}${now.error.message === undefined ? '' : `: ${now.error.message}`}</p>`}
        ${now.note !== undefined && html`<p>${now.note}</p>`}
        ${now.context === undefined ? html`<p class="faint">Its context is not known any more.</p>` : html`<${Json} value=${now.context} />`}
      `
    }
    <details>
      <summary>What its owner is told</summary>
      <ul>
        ${notes.map(({ at, text }) => html`<li><span class="faint">${moment(at)}</span> ${text}</li>`)}
      </ul>
    </details>
  `;
}

const leftOut = (count) =>
  count === 0 ? 'events that are not on record' : `${number(count)} events that are not kept`;

/** Why it does not go on: its actor is parked, it can't be read, or the step that it waits for. */
export function Hangs({ saga: { parked, unreadable, waits } }) {
  if (parked !== undefined) return html`<span class="bad"><${ParkedWhy} parked=${parked} /></span>`;
  if (unreadable !== undefined)
    return html`<span class="bad">What is stored of it cannot be read: ${unreadable}</span>`;
  return waits && html`<${Waits} waits=${waits} />`;
}

/** On which step, since when, what was tried, and when again. */
function Waits({ waits }) {
  const { step, label, attempts, since, nextTryAt, giveUpAt, error } = waits;
  const leftMs = nextTryAt === undefined ? 0 : nextTryAt - Date.now();
  const tried = attempts === 0 ? 'first try' : `${number(attempts)} without an answer`;
  const next = leftMs > 0 ? `tried again in ${duration(leftMs)}` : 'under way';
  const end = giveUpAt === undefined ? '' : `; given up in ${duration(Math.max(0, giveUpAt - Date.now()))}`;
  const said = error && html`: <span class="bad">${error.message ?? error.code}</span>`;
  return html`<strong>${label ?? step}</strong> since${' '}<${Ago}
      at=${since}
    />${`, ${tried}`}${said}${`; ${next}${end}`}`;
}
