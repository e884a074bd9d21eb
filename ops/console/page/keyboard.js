import { useLayoutEffect, useState } from 'preact/hooks';
import { Dialog } from './dialog.js';
import { html } from './html.js';
import { go } from './location.js';
import { pages } from './pages.js';

const secondKeyMs = 1_500;

/** `/` filters, `g` and a letter goes to a page, `?` tells of these. */
export function Keyboard() {
  const [isHelp, setHelp] = useState(false);
  useLayoutEffect(() => {
    let awaitsSince;
    function press(event) {
      const isTyping = event.target.closest?.('input, textarea, select, [contenteditable]') !== null;
      if (
        isTyping ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        document.querySelector('dialog[open]')
      )
        return;
      const isSecond = awaitsSince !== undefined && event.timeStamp - awaitsSince < secondKeyMs;
      awaitsSince = undefined;
      if (isSecond) {
        const page = pages.find(({ key }) => key === event.key);
        if (page === undefined) return;
        event.preventDefault();
        go(page.path);
      } else if (event.key === 'g') awaitsSince = event.timeStamp;
      else if (event.key === '?') setHelp(true);
      else if (event.key === '/') {
        const field = document.getElementById('filter');
        if (field === null) return;
        event.preventDefault();
        field.focus();
        field.select();
      }
    }
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
  if (!isHelp) return null;
  return html`<${Dialog} title="Keys" onClose=${() => setHelp(false)}>
    <dl class="keys">
      <dt><kbd>/</kbd></dt>
      <dd>filter</dd>
      ${pages.map(
        ({ key, title }) =>
          html`<dt><kbd>g</kbd> <kbd>${key}</kbd></dt>
            <dd>${title}</dd>`,
      )}
      <dt><kbd>?</kbd></dt>
      <dd>these keys</dd>
    </dl>
    <div class="buttons"><button class="main" autofocus onClick=${() => setHelp(false)}>Close</button></div>
  <//>`;
}
