import type { Deadline } from './deadline.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What came of one request. */
export type Attempt =
  | {
      readonly status: number;
      readonly headers: Headers;
      /** What the JSON says; undefined where there is none. */
      readonly body: unknown;
    }
  | { readonly status: undefined; readonly cause: unknown };

/**
 * Sends it once and takes the whole answer. A connection that breaks is an outcome.
 *
 * @throws TypeError for what can't be sent, such as a header with a line break
 */
export async function attempt(
  fetch: Fetch,
  { method, url, headers, body }: Request,
  deadline: Deadline,
  limitMs: number,
): Promise<Attempt> {
  const init: RequestInit = {
    method,
    headers: new Headers(body === undefined ? headers : { ...headers, 'Content-Type': 'application/json' }),
    // No other address gets the token, and no cookie goes along.
    redirect: 'manual',
    credentials: 'omit',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  try {
    return await deadline.within(limitMs, async (signal) => {
      const response = await fetch(url, { ...init, signal });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: parsed(text) };
    });
  } catch (cause) {
    return { status: undefined, cause };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
