import type { Clock } from '@trolley/runtime';

const rememberMs = 1_000;

/** The same for everybody who asks within a second of the last answer, or while one is awaited. */
export function remembered<T>(clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let answeredAt: number | undefined;
  return () => {
    const isOld = answeredAt !== undefined && clock.monotonic() - answeredAt >= rememberMs;
    if (answer !== undefined && !isOld) return answer;
    answeredAt = undefined;
    const asked = ask();
    answer = asked;
    asked.then(
      () => (answeredAt = clock.monotonic()),
      () => (answer = undefined),
    );
    return asked;
  };
}
