/** A refusal of the console, in its own words. */
export class ApiError extends Error {
  constructor(status, { error, code, request_id: requestId }) {
    super(error ?? `the console answered ${status}`);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

/** After these nobody knows whether something was done. */
const openEnds = new Set(['unreachable', 'deadline_exceeded', 'unavailable', 'aborted', 'internal']);

/** Whether what failed so may have been done all the same. */
export const isOpenEnd = ({ code }) => openEnds.has(code);

export const signedOut = new EventTarget();
const limitMs = 20_000;
let csrfToken;

/** What every write has to bring. */
export function keepToken(token) {
  csrfToken = token;
}

/** Asks a question. */
export function ask(path, query = {}, signal) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return request(`/api/${path}?${new URLSearchParams(given)}`, {}, signal);
}

/** Does something. */
export function act(path, body = {}) {
  const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken ?? '' };
  return request(`/api/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function request(address, options, signal) {
  const limit = AbortSignal.timeout(limitMs);
  const signals = signal === undefined ? [limit] : [limit, signal];
  let response;
  try {
    // So told, the console does not make the browser ask for a password.
    const headers = { ...options.headers, 'x-requested-with': 'console' };
    response = await fetch(address, { ...options, headers, signal: AbortSignal.any(signals) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, { error: 'The console does not answer.', code: 'unreachable' });
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  if (response.status === 401 && !address.startsWith('/api/sign-in'))
    signedOut.dispatchEvent(new Event('signed-out'));
  throw new ApiError(response.status, body);
}
