import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, follow, type ConsoleAccess } from './console-client.ts';
import { ofOne, polls, usualMs } from './tabs.ts';
import { boardPoll } from './views.ts';

export interface TabsReport {
  /** Answers that came. */
  readonly polls: number;
  readonly slowestMs: number;
}

/** One tab on each page, each in the middle of its polls; and the stream of the sagas' counts. */
export function openTabs(access: ConsoleAccess, random: () => number) {
  const closed = new AbortController();
  const { signal } = closed;
  setMaxListeners(2 * polls.length, signal);
  let count = 0;
  let slowestMs = 0;

  async function poll(path: string, everyMs: number): Promise<void> {
    const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);
    await pause(random() * everyMs);
    while (!signal.aborted) {
      const startedAt = performance.now();
      await ask(access, path);
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      count += 1;
      // As a page: the next one so long after the answer.
      await pause(everyMs);
    }
  }

  async function counts(): Promise<void> {
    const { machines } = JSON.parse(await ask(access, '/api/saga-machines')) as {
      machines: { machine: string; versions: string[] }[];
    };
    const [{ machine, versions } = { machine: '', versions: [] }] = machines;
    const place = new URLSearchParams({ machine, version: versions[0] ?? '' });
    await follow(access, `/api/saga-counts?${place.toString()}`, signal);
  }

  const tabs = polls
    .filter(({ path }) => !ofOne.includes(path))
    .map(({ path, everyMs }) => poll(`/api/${path}`, everyMs));
  const all = Promise.all([...tabs, poll(boardPoll, usualMs), counts()]);
  // A failure is told by `close`.
  all.catch(() => undefined);
  return {
    async close(): Promise<TabsReport> {
      closed.abort();
      await all;
      return { polls: count, slowestMs };
    },
  };
}
