import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Stands before a gateway, and loses answers once the gateway has given them. */
export class LossyProxy {
  /** How many of the answers to one changing call are lost. */
  loses = 0;
  /** How many were. */
  lost = 0;
  readonly #lostOf = new Map<string, number>();
  readonly #target: string;
  readonly #server = createServer((incoming, response) => void this.#pass(incoming, response));

  private constructor(target: string) {
    this.#target = target;
  }

  static async open(target: string): Promise<LossyProxy> {
    const proxy = new LossyProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const body = await buffer(incoming);
    const answered = await new Promise<IncomingMessage>((resolve, reject) => {
      request(this.#target + url, { method, headers }, resolve)
        .once('error', reject)
        .end(body);
    });
    const answer = await buffer(answered);
    const isLost = method !== 'GET' && this.#loses(`${url} ${String(headers['idempotency-key'] ?? body)}`);
    if (isLost) response.socket?.destroy();
    else response.writeHead(answered.statusCode ?? 0, answered.headers).end(answer);
  }

  #loses(call: string): boolean {
    const before = this.#lostOf.get(call) ?? 0;
    if (before >= this.loses) return false;
    this.#lostOf.set(call, before + 1);
    this.lost += 1;
    return true;
  }
}
