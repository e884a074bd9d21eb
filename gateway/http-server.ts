import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ActorError, Clock } from '@trolley/runtime';
import { ShopError } from './error-table.ts';
import { errorAnswer } from './error-answer.ts';
import { responseClass } from './gateway-response.ts';
import { jsonType, toJsonText } from './money-json.ts';

export interface HttpServerOptions {
  /** Answers a request, whatever it is. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => unknown;
  /** The address to listen on, e.g. `0.0.0.0`. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: Clock;
  /** Makes ids for requests that bring none. */
  readonly newId: () => string;
  /** How long a request may take, by the handler's own deadline. */
  readonly requestTimeoutMs: number;
  /** How long the other end of a refused connection may stay. Default 5000. */
  readonly lingerMs?: number | undefined;
  /** How long `close` waits for requests under way. Default 10000. */
  readonly shutdownMs?: number | undefined;
  /** How long a TLS handshake, and the headers of a request, may take; then the connection is closed. Default 10000. */
  readonly silentMs?: number | undefined;
  /** How long an answer may wait for its reader to take any of it; then the connection is closed. Default 30000. */
  readonly stallMs?: number | undefined;
  /** With it the server speaks HTTPS only. */
  readonly tls?: TlsPair | undefined;
}

/** PEM texts. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface HttpServer {
  readonly port: number;
  readonly url: string;
  /** What new connections get from now on; nothing where the server speaks plain HTTP. */
  renewTls(tls: TlsPair): void;
  /** Takes no more connections, lets the requests under way end within `shutdownMs`, then cuts them off. */
  close(): Promise<void>;
}

/** Longer than load balancers keep an idle connection, so that none is closed under a request of theirs. */
const keepAliveMs = 65_000;
const minVersion = 'TLSv1.2';
/** Requests that one connection may send before it has an answer to the first; then it is cut off. */
const maxPipelined = 256;
const allMethods = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT';
/** The handler's own deadline, which says more, comes first. */
const bodyGraceMs = 5000;

/** Listens. Rejects with the error of the operating system when the port can't be taken. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { handle, host, tls, clock, silentMs = 10_000, stallMs = 30_000 } = options;
  // A request without Host is answered as any other: Node's own refusal has no body.
  const settings = {
    requireHostHeader: false,
    keepAliveTimeout: keepAliveMs,
    headersTimeout: silentMs,
    connectionsCheckingInterval: silentMs,
    // Of two `Authorization` Node would drop the second and say nothing.
    joinDuplicateHeaders: true,
    ServerResponse: responseClass(),
  };
  const secure =
    tls === undefined
      ? undefined
      : createTlsServer({ ...settings, ...tls, minVersion, handshakeTimeout: silentMs });
  const server = secure ?? createServer(settings);
  server.requestTimeout = options.requestTimeoutMs + bodyGraceMs;
  // Counts from the last byte either way; between requests `keepAliveTimeout` takes its place.
  server.timeout = stallMs;
  // Their size is bounded; by their number Node would drop the last ones, which a proxy has added.
  server.maxHeadersCount = 0;

  let closing: Promise<void> | undefined;
  const connections = new Map<Duplex, Connection>();
  const refused = new WeakSet<Duplex>();
  const serveRequest = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // What follows something that was refused is not taken for a request.
    if (refused.has(socket)) return;
    const connection = connections.get(socket);
    // Node takes up all that comes, however many answers it owes.
    if (connection === undefined || connection.underWay >= maxPipelined) return void socket.destroy();
    const fault = faultOf(request);
    if (fault !== undefined) {
      request.resume();
      return connection.underWay > 0 ? void socket.destroy() : refuse(socket, fault);
    }
    connection.underWay += 1;
    connection.last = response;
    response.on('close', () => {
      connection.underWay -= 1;
      if (connection.underWay === 0) connection.last = undefined;
      if (closing !== undefined) server.closeIdleConnections();
    });
    if (closing !== undefined) response.setHeader('Connection', 'close');
    handle(request, response);
  };
  const remember = (socket: Socket) => {
    connections.set(socket, new Connection(socket));
    socket.once('close', () => connections.delete(socket));
  };
  server.on('connection', remember);
  // The same connection once more, counting what is asked and not the handshake, during which a close may begin.
  secure?.on('secureConnection', (socket) => {
    remember(socket);
    if (closing !== undefined) dropUnasked(socket);
  });
  server.on('request', serveRequest);
  // Without a listener Node answers an unknown `Expect` by itself, in a form of its own.
  server.on('checkExpectation', serveRequest);
  // Nor is a body asked for before it is known that it will be read.
  server.on('checkContinue', serveRequest);
  server.on('timeout', (socket: Socket) => {
    const isAwaited = (connections.get(socket)?.underWay ?? 0) > 0 && socket.writableLength === 0;
    if (isAwaited) socket.setTimeout(stallMs);
    else socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // What still comes of something that was refused is read and dropped, or the refusal would not arrive.
    if (refused.has(socket)) return;
    // An answer to what follows a request must not be taken for the answer to the request.
    if (error.code === 'ECONNRESET' || connections.get(socket)?.mayBeRefused !== true) socket.destroy();
    else refuse(socket, new ShopError(...refusalOf(error)));
  });
  // Without a listener Node closes the connection and says nothing.
  server.on('connect', (_, socket) => {
    const details = { allow: allMethods };
    refuse(socket, new ShopError('method_not_allowed', 'this is no proxy', { details }));
  });
  /** What never reaches the handler is answered in the same form. */
  function refuse(socket: Duplex, error: ActorError): void {
    refused.add(socket);
    if (!socket.writable) return void socket.destroy();
    socket.on('error', () => socket.destroy());
    socket.end(rawAnswer(error, options.newId()));
    // Its other end may stay, and Node has forgotten it.
    const cancel = clock.schedule(options.lingerMs ?? 5000, () => socket.destroy());
    socket.once('close', cancel);
  }
  await listen(server, options);

  const { port } = server.address() as AddressInfo;
  const local = ['0.0.0.0', '::', '127.0.0.1', '::1'].includes(host);
  const name = local ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return {
    port,
    url: `${secure === undefined ? 'http' : 'https'}://${name}:${port}`,
    renewTls: (renewed) => secure?.setSecureContext({ ...renewed, minVersion }),
    close() {
      closing ??= new Promise((resolve) => {
        const cancel = clock.schedule(options.shutdownMs ?? 10_000, () => server.closeAllConnections());
        server.close(() => {
          cancel();
          resolve();
        });
        for (const { socket } of connections.values()) dropUnasked(socket);
      });
      return closing;
    },
  };
}

/**
 * Node takes a connection that never sent a byte for one whose request is on its way. Browsers open such in advance,
 * and would hold a close up until its deadline.
 */
function dropUnasked(socket: Socket): void {
  if (socket.bytesRead === 0) socket.destroy();
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** What is asked over a connection. One for all of its requests: a map of requests would keep those that are over. */
class Connection {
  readonly socket: Socket;
  /** Requests that wait for their answer. */
  underWay = 0;
  /** The answer to the last of them. */
  last: ServerResponse | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Whether what is wrong with the bytes that come is wrong with the one request that waits, or with the next one. */
  get mayBeRefused(): boolean {
    const { underWay, last } = this;
    return last === undefined || (underWay === 1 && !last.req.complete && !last.headersSent);
  }
}

/** Why a request is refused by the form that it came in. What a proxy in front would read otherwise is in no form. */
function faultOf({ httpVersionMajor, httpVersionMinor, headers }: IncomingMessage): ActorError | undefined {
  if (httpVersionMajor !== 1) return new ShopError('invalid_request', 'HTTP/1.1 is spoken here');
  if (httpVersionMinor === 0 && headers['transfer-encoding'] !== undefined)
    return new ShopError('invalid_request', 'HTTP/1.0 has no Transfer-Encoding');
  if (headers.host?.includes(',') === true) return new ShopError('invalid_request', 'a request has one Host');
  return undefined;
}

function rawAnswer(error: ActorError, requestId: string): string {
  const { status, headers, body } = errorAnswer(error, requestId);
  const text = toJsonText(body);
  const all = {
    'Content-Type': jsonType,
    'Content-Length': Buffer.byteLength(text),
    'X-Request-Id': requestId,
    'Cache-Control': 'no-store',
    ...headers,
    Connection: 'close',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', text].join('\r\n');
}

function refusalOf(
  error: NodeJS.ErrnoException,
): ['headers_too_large' | 'request_timeout' | 'invalid_request', string] {
  if (error.code === 'HPE_HEADER_OVERFLOW') return ['headers_too_large', 'the headers are too large'];
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return ['request_timeout', 'the request did not arrive in time'];
  return ['invalid_request', 'this is not HTTP'];
}
