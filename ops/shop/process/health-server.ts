import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Readiness, readinessBody } from '@trolley/runtime/observe';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: object | string;
}

/** What has happened in a process so far, as text. */
export interface Figures {
  readonly contentType: string;
  text(): Promise<string>;
}

/** What a process is asked from outside. */
export interface Probed {
  readonly readiness: Readiness;
  /** None: there is no `/metrics`. */
  readonly metrics?: Figures | undefined;
}

/**
 * Answers probes over plain HTTP, for processes of any role: `/health/live` as long as the process runs,
 * `/health/ready` with each dependency by name, 503 and the reason while one of them fails, and `/metrics`.
 */
export function openHealthServer(options: {
  readonly host: string;
  readonly port: number;
  readonly probed: Probed;
  /** How long a request may take to arrive; a connection without one is closed then, too. Default 5000. */
  readonly silentMs?: number;
}): Promise<HealthServer> {
  const { host, port, probed, silentMs = 5_000 } = options;
  const limits = {
    keepAliveTimeout: 1_000,
    headersTimeout: silentMs,
    requestTimeout: silentMs,
    // Node's own is half a minute, which it would take to notice.
    connectionsCheckingInterval: silentMs,
  };
  const server = createServer(limits, (request, response) => {
    const answer = answerTo(request.method, request.url, probed).catch(() => failed);
    void answer.then(({ status, contentType = jsonType, body }) => {
      response.writeHead(status, { 'content-type': contentType });
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      response.end(request.method === 'HEAD' ? undefined : text);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

const jsonType = 'application/json; charset=utf-8';
const failed: Answer = { status: 500, body: { error: 'the figures could not be read', code: 'internal' } };
const paths = ['/health/live', '/health/ready', '/metrics'];

async function answerTo(method = '', url = '', { readiness, metrics }: Probed): Promise<Answer> {
  const path = url.split('?', 1)[0] ?? '';
  if (!paths.includes(path) || (path === '/metrics' && metrics === undefined)) {
    return {
      status: 404,
      body: { error: 'there are /health/live, /health/ready and /metrics', code: 'not_found' },
    };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, body: { error: 'GET only', code: 'method_not_allowed' } };
  }
  if (path === '/health/live') return { status: 200, body: { status: 'ok' } };
  if (path === '/metrics' && metrics !== undefined) {
    return { status: 200, contentType: metrics.contentType, body: await metrics.text() };
  }
  const { ready, body } = readinessBody(await readiness());
  return { status: ready ? 200 : 503, body };
}
