/** How a console's API is reached. */
export interface ConsoleAccess {
  readonly url: string;
  readonly authorization: string;
}

const limitMs = 30_000;

/**
 * Reads a whole answer; of a stream its first event.
 * @throws Error for an answer that is no success
 */
export async function ask({ url, authorization }: ConsoleAccess, path: string): Promise<string> {
  const answer = await request({ url, authorization }, path, AbortSignal.timeout(limitMs));
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') !== true) return answer.text();
  const stream: ReadableStream<Uint8Array> = answer.body ?? new ReadableStream();
  const reader = stream.getReader();
  try {
    let told = '';
    const decoder = new TextDecoder();
    while (!told.includes('data:')) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`${path} has ended before it told anything`);
      told += decoder.decode(value, { stream: true });
    }
    return told;
  } finally {
    await reader.cancel();
  }
}

/** Reads a stream until the signal. */
export async function follow(access: ConsoleAccess, path: string, signal: AbortSignal): Promise<void> {
  try {
    const { body } = await request(access, path, signal);
    await body?.pipeTo(new WritableStream(), { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function request(
  { url, authorization }: ConsoleAccess,
  path: string,
  signal: AbortSignal,
): Promise<Response> {
  const answer = await fetch(new URL(path, url), { headers: { authorization, accept: '*/*' }, signal });
  if (answer.ok) return answer;
  throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
}
