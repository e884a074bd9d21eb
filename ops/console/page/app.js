import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { html } from './html.js';
import { duration } from './format.js';
import { Keyboard } from './keyboard.js';
import { Link, useAddress } from './location.js';
import { pages } from './pages.js';
import { SessionProvider, useNewSession, useSession, useWritesForMs } from './session.js';
import { SignIn } from './sign-in.js';

function App() {
  const session = useNewSession();
  return html`<${SessionProvider} value=${session}><${Inside} /><//>`;
}

function Inside() {
  const session = useSession();
  if (session.status === 'asking') return null;
  if (session.status === 'out') return html`<${SignIn} />`;
  if (session.status === 'away')
    return html`<main class="sign-in">
      <p class="problem" role="alert">
        ${session.error.message} <button onClick=${session.look}>Try again</button>
      </p>
    </main>`;
  return html`<${Shell} />`;
}

function Shell() {
  const { path } = useAddress();
  const page = pages.find((each) => each.path === path);
  return html`
    <a class="skip" href="#content">To the content</a>
    <header>
      <strong class="brand">Trolley</strong>
      <${WriteMode} />
      <${Account} />
    </header>
    <nav aria-label="Pages">
      <ul>
        ${pages.map(
          (each) =>
            html`<li>
              <${Link}
                to=${each.path}
                aria-current=${each === page ? 'page' : undefined}
                title=${`g ${each.key}`}
                >${each.title}<//
              >
            </li>`,
        )}
      </ul>
    </nav>
    <main id="content" tabindex="-1">
      ${
        page === undefined
          ? html`<h1>No such page</h1>
              <p><${Link} to="/">To the overview<//></p>`
          : html`<${Page} key=${page.path} page=${page} />`
      }
    </main>
    <${Keyboard} />
  `;
}

function Page({ page }) {
  const [loaded, set] = useState({});
  useEffect(() => {
    document.title = `${page.title} – Trolley console`;
    page.load().then(
      (module) => set({ module }),
      () => set({ problem: 'This page could not be loaded.' }),
    );
  }, []);
  if (loaded.problem !== undefined) return html`<p class="problem" role="alert">${loaded.problem}</p>`;
  return loaded.module === undefined ? null : html`<${loaded.module.default} />`;
}

function WriteMode() {
  const session = useSession();
  const leftMs = useWritesForMs();
  const [problem, setProblem] = useState();
  if (session.role !== 'operator') return html`<span class="mode">read-only</span>`;
  const set = (on) =>
    session.setWriteMode(on).then(
      () => setProblem(undefined),
      (error) => setProblem(error.message),
    );
  return html`<span class=${leftMs > 0 ? 'mode writing' : 'mode'}>
    ${
      leftMs > 0
        ? html`write mode, ${duration(Math.ceil(leftMs / 1000) * 1000)} left
            <button onClick=${() => set(false)}>End</button>`
        : html`read-only <button onClick=${() => set(true)}>Write mode</button>`
    }
    ${problem !== undefined && html`<span class="problem" role="alert"> ${problem}</span>`}
  </span>`;
}

const themes = ['auto', 'light', 'dark'];

function Account() {
  const session = useSession();
  const [theme, setTheme] = useState(localStorage.getItem('theme') ?? 'auto');
  function change() {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length];
    localStorage.setItem('theme', next);
    document.documentElement.dataset.theme = next;
    setTheme(next);
  }
  return html`<span class="account">
    <button class="plain" onClick=${change} title="light, dark, or as the system">${theme}</button>
    <span title=${`${session.role}; Trolley ${session.version}, ${session.mode}`}>${session.name}</span>
    <button class="plain" onClick=${session.signOut}>Sign out</button>
  </span>`;
}

document.documentElement.dataset.theme = localStorage.getItem('theme') ?? 'auto';
render(html`<${App} />`, document.body);
