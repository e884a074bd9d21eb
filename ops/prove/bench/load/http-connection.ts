import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

interface Waiting {
  readonly answer: (answer: HttpAnswer) => void;
  readonly fail: (error: Error) => void;
}

const headEnd = '\r\n\r\n';
const nothing: Buffer = Buffer.alloc(0);
/** Longer than the shop takes for a request that it gives up. */
const deadlineMs = 40_000;

/**
 * HTTP/1.1 over one connection, one request at a time. The generator shares its cores with what it measures: this costs
 * a fraction of what `node:http` or undici do, and knows no more than the shop's answers need.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #received = nothing;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error(`no answer within ${deadlineMs} ms`)));
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    return new HttpConnection(socket, host);
  }

  /** `headers`: more lines of the head, each with its end. */
  send(method: string, path: string, token?: string, json?: unknown, headers = ''): Promise<HttpAnswer> {
    const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
    const body = json === undefined ? '' : JSON.stringify(json);
    const content =
      json === undefined
        ? ''
        : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((answer, fail) => {
      if (this.#failure !== undefined) return fail(this.#failure);
      this.#waiting = { answer, fail };
      this.#socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${authorization}${headers}${content}\r\n${body}`,
      );
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headLength = this.#received.indexOf(headEnd);
    if (headLength < 0) return;
    const head = this.#received.toString('latin1', 0, headLength);
    const length = lengthOf(head);
    if (length === undefined) return this.#fail(new Error(`an answer without a length: ${head}`));
    const from = headLength + headEnd.length;
    if (this.#received.length < from + length) return;
    const body = this.#received.subarray(from, from + length);
    this.#received = nothing;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.answer({ status: Number(head.slice(9, 12)), body });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.fail(this.#failure);
    this.#waiting = undefined;
    this.#socket.destroy();
  }
}

function lengthOf(head: string): number | undefined {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  return head.slice(9, 12) === '204' ? 0 : undefined;
}
