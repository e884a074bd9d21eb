import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Readiness, readinessBody } from '@trolley/runtime/observe';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

/**
 * Answers probes over plain HTTP, for processes of any role: `/health/live` as long as the process runs, and
 * `/health/ready` with each dependency by name, 503 and the reason while one of them fails.
 */
export function openHealthServer(options: {
  readonly host: string;
  readonly port: number;
  readonly readiness: Readiness;
  /** How long a request may take to arrive; a connection without one is closed then, too. Default 5000. */
  readonly silentMs?: number;
}): Promise<HealthServer> {
  const { host, port, readiness, silentMs = 5_000 } = options;
  const limits = {
    keepAliveTimeout: 1_000,
    headersTimeout: silentMs,
    requestTimeout: silentMs,
    // Node's own is half a minute, which it would take to notice.
    connectionsCheckingInterval: silentMs,
  };
  const server = createServer(limits, (request, response) => {
    void answerTo(request.method, request.url, readiness).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(request.method === 'HEAD' ? undefined : JSON.stringify(body));
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

async function answerTo(method = '', url = '', readiness: Readiness): Promise<Answer> {
  const path = url.split('?', 1)[0];
  if (path !== '/health/live' && path !== '/health/ready') {
    return { status: 404, body: { error: 'there are /health/live and /health/ready', code: 'not_found' } };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, body: { error: 'GET only', code: 'method_not_allowed' } };
  }
  if (path === '/health/live') return { status: 200, body: { status: 'ok' } };
  const { ready, body } = readinessBody(await readiness());
  return { status: ready ? 200 : 503, body };
}
