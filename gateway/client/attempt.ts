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

/** The result of one request. */
export type Attempt =
  | {
      readonly status: number;
      readonly headers: Headers;
      /** What the JSON says; undefined where there is none. */
      readonly body: unknown;
    }
  | { readonly status: undefined; readonly cause: unknown };

/**
 * Sends the request once and reads the whole answer. A connection that breaks is a result, not an exception.
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
    // The token goes to no other address, and no cookie is sent.
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
