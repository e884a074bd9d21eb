import { useLayoutEffect, useState } from 'preact/hooks';
import { html } from './html.js';

/* All that a page shows is in its address, so that the address can be sent to a colleague. */

const changed = new EventTarget();
const tell = () => changed.dispatchEvent(new Event('change'));
addEventListener('popstate', tell);

const read = () => ({
  path: location.pathname,
  query: Object.fromEntries(new URLSearchParams(location.search)),
});

export function useAddress() {
  const [address, set] = useState(read);
  // At once: a change before somebody listens would not be seen.
  useLayoutEffect(() => {
    const look = () => set(read());
    changed.addEventListener('change', look);
    return () => changed.removeEventListener('change', look);
  }, []);
  return address;
}

export function addressOf(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

export function go(address) {
  history.pushState(null, '', address);
  tell();
  scrollTo(0, 0);
}

/** Changes a part of the query; what is typed makes no steps to go back through. */
export function setQuery(part, { step = false } = {}) {
  const { path, query } = read();
  const address = addressOf(path, { ...query, ...part });
  history[step ? 'pushState' : 'replaceState'](null, '', address);
  tell();
}

/** A link within the console, which loads nothing anew. */
export function Link({ to, children, ...rest }) {
  const follow = (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${to} onClick=${follow} ...${rest}>${children}</a>`;
}
