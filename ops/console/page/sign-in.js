import { useState } from 'preact/hooks';
import { html } from './html.js';
import { useSession } from './session.js';

export function SignIn() {
  const session = useSession();
  const [problem, setProblem] = useState();
  const [isBusy, setBusy] = useState(false);
  async function submit(event) {
    event.preventDefault();
    const given = new FormData(event.target);
    setBusy(true);
    setProblem(undefined);
    try {
      await session.signIn(given.get('name'), given.get('password'));
    } catch (error) {
      setProblem(error.message);
      setBusy(false);
    }
  }
  return html`<main class="sign-in">
    <form onSubmit=${submit}>
      <h1>Trolley console</h1>
      <label>Name<input name="name" autocomplete="username" required autofocus spellcheck="false" /></label>
      <label
        >Password<input name="password" type="password" autocomplete="current-password" required
      /></label>
      <p class="problem" role="alert">${problem}</p>
      <button class="main" disabled=${isBusy}>Sign in</button>
    </form>
  </main>`;
}
