import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Shorter than what proxies wait for something to come. */
const keepAliveMs = 15_000;
/** When a page that lost its stream comes again. */
const retryMs = 3000;

export interface StreamOptions {
  /** What is open now, of all that share a bound. */
  readonly streams: { open: number; readonly max: number };
  readonly headers: Readonly<Record<string, string>>;
  readonly onError: (error: unknown) => void;
}

/** Server-sent events, until the page is closed or all is told. A slow page is told the next when it has taken the last. */
export async function streamCounts(
  counts: (signal: AbortSignal) => AsyncIterable<unknown>,
  request: IncomingMessage,
  response: ServerResponse,
  { streams, headers, onError }: StreamOptions,
): Promise<void> {
  if (streams.open >= streams.max) {
    response.writeHead(503, { ...headers, 'retry-after': '10' }).end();
    return;
  }
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  streams.open++;
  const keepAlive = setInterval(() => response.write(':\n\n'), keepAliveMs);
  try {
    response.write(`retry: ${retryMs}\n\n`);
    for await (const each of counts(closed.signal)) {
      if (closed.signal.aborted) break;
      if (!response.write(`data: ${JSON.stringify(each)}\n\n`))
        await once(response, 'drain', { signal: closed.signal });
    }
  } catch (error) {
    if (!closed.signal.aborted) onError(error);
  } finally {
    clearInterval(keepAlive);
    streams.open--;
    response.end();
  }
}
