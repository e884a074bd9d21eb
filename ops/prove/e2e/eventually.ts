import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 20;

/**
 * Asks until `condition` gives something other than `undefined` or `false`, and gives that. When it does not
 * within `withinMs`, the failure says what was waited for.
 */
export async function eventually<T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  what: string | (() => string),
  withinMs = 60_000,
): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) {
      throw new Error(`waited ${withinMs / 1000} s for: ${typeof what === 'string' ? what : what()}`);
    }
    await delay(pollMs);
  }
}
