import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ask } from './api.js';

const longestMs = 60_000;

/**
 * The answer to a question, asked again every `everyMs` as long as somebody can see the page, and less often while it
 * fails. `error` stands beside the last answer, which is old then. Without a path nothing is asked.
 */
export function usePolled(path, query = {}, { everyMs = 5_000 } = {}) {
  const [state, set] = useState({ value: undefined, error: undefined, at: undefined });
  const again = useRef(() => {});
  const question = path === undefined ? undefined : JSON.stringify([path, query]);

  // At once, so that no frame shows the old answer below the new question.
  useLayoutEffect(() => {
    set({ value: undefined, error: undefined, at: undefined });
    if (question === undefined) return undefined;
    const gone = new AbortController();
    const [asked, given] = JSON.parse(question);
    let timer;
    let failures = 0;
    let busy = false;

    async function look() {
      clearTimeout(timer);
      if (busy || gone.signal.aborted) return;
      if (document.hidden) return;
      busy = true;
      try {
        const value = await ask(asked, given, gone.signal);
        failures = 0;
        set({ value, error: undefined, at: Date.now() });
      } catch (error) {
        if (gone.signal.aborted) return;
        failures += 1;
        set((last) => ({ ...last, error }));
      } finally {
        busy = false;
      }
      if (everyMs > 0) timer = setTimeout(look, Math.min(longestMs, everyMs * 2 ** failures));
    }

    const seen = () => {
      if (!document.hidden) void look();
    };
    again.current = look;
    document.addEventListener('visibilitychange', seen);
    void look();
    return () => {
      gone.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [question, everyMs]);

  return { ...state, reload: useCallback(() => again.current(), []) };
}
