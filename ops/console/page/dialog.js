import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { act, isOpenEnd } from './api.js';
import { Json } from './format.js';
import { html } from './html.js';
import { Link } from './location.js';
import { useSession, useWritesForMs } from './session.js';

/** A modal dialog; Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children }) {
  const element = useRef();
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => before?.focus?.();
  }, []);
  return html`<dialog ref=${element} aria-labelledby="dialog-title" onClose=${onClose}>
    <h2 id="dialog-title">${title}</h2>
    ${children}
  </dialog>`;
}

/**
 * A button for something that changes the cluster: asks first, says what will happen, and needs write mode. `body` is
 * what is sent, or a function of what was filled in; `children` what the dialog says, fields included.
 */
export function ActionButton({
  label,
  title = label,
  path,
  body = {},
  danger,
  children,
  onDone,
  onOpenChange,
}) {
  const { role } = useSession();
  const [isOpen, setOpen] = useState(false);
  const open = (isNow) => {
    setOpen(isNow);
    onOpenChange?.(isNow);
  };
  const hint = role === 'operator' ? undefined : 'A viewer looks, and changes nothing.';
  return html`
    <button
      class=${danger ? 'danger' : ''}
      disabled=${hint !== undefined}
      title=${hint}
      onClick=${() => open(true)}
    >
      ${label}
    </button>
    ${
      isOpen &&
      html`<${Confirm} ...${{ label, title, path, body, danger, onDone }} onClose=${() => open(false)}
        >${children}<//
      >`
    }
  `;
}

function Confirm({ label, title, path, body, danger, children, onDone, onClose }) {
  const session = useSession();
  const mayWrite = useWritesForMs() > 0;
  const [state, set] = useState({ status: 'asking' });

  async function submit(event) {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    let sent;
    try {
      sent = typeof body === 'function' ? body(fields) : { ...body, ...fields };
    } catch (error) {
      set({ status: 'asking', problem: error.message });
      return;
    }
    set({ status: 'busy' });
    try {
      const result = await act(path, sent);
      await onDone?.(result);
      set({ status: 'done', note: result.note, answer: result.answer });
      if (result.note === undefined) onClose();
    } catch (error) {
      if (error.code === 'read_only') void session.look();
      set({
        status: 'asking',
        problem: `${error.message}${error.requestId ? ` (request ${error.requestId})` : ''}`,
        mayBeDone: isOpenEnd(error),
      });
    }
  }

  if (state.status === 'done')
    return html`<${Dialog} title=${title} onClose=${onClose}>
      <p role="status">${state.note}</p>
      ${state.answer !== undefined && html`<${Json} value=${state.answer} />`}
      <div class="buttons"><button class="main" autofocus onClick=${onClose}>Close</button></div>
    <//>`;
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form onSubmit=${submit}>
      ${children}
      ${
        !mayWrite &&
        html`<p class="note">
          The console is read-only.
          <button type="button" onClick=${() => turnOn(session, set)}>
            Turn write mode on for 15 minutes
          </button>
        </p>`
      }
      <p class="problem" role="alert">${state.problem}</p>
      ${
        state.mayBeDone &&
        html`<p class="note">
          It may have been done once, or not at all: look at what it was done to, and at the${' '}
          <${Link} to="/audit">audit<//>, before you try it again.
        </p>`
      }
      <div class="buttons">
        <button type="button" onClick=${onClose}>Cancel</button>
        <button class=${danger ? 'danger main' : 'main'} disabled=${!mayWrite || state.status === 'busy'}>
          ${state.status === 'busy' ? 'Working…' : label}
        </button>
      </div>
    </form>
  <//>`;
}

function turnOn(session, set) {
  return session.setWriteMode(true).then(
    () => set({ status: 'asking' }),
    (error) => set({ status: 'asking', problem: error.message }),
  );
}

/** Why something is done; it goes on record. */
export function ReasonField() {
  return html`<label
    >Reason, for the record<input name="reason" required maxlength="500" autocomplete="off"
  /></label>`;
}
