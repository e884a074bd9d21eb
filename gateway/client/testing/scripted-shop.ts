import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FakeClock } from '@trolley/runtime/testing';
import { createClient, type Client, type ClientOptions } from '../index.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
  /** By the clock of the client. */
  readonly atMs: number;
}

/** What a request comes to, once the whole of it has been taken. */
export type Act = (response: ServerResponse, shop: ScriptedShop) => void;

export const answer =
  (status: number, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Act =>
  (response) =>
    void response
      .writeHead(status, { 'Content-Type': 'application/json', ...headers })
      .end(JSON.stringify(body));

export const refuse = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): Act =>
  answer(status, { error: `it is ${code}`, code, request_id: 'r' }, { 'X-Request-Id': 'r', ...headers });

/** As a proxy answers, or a network that wants one to sign in first. */
export const page =
  (status: number, headers: Readonly<Record<string, string>> = {}): Act =>
  (response) =>
    void response.writeHead(status, { 'Content-Type': 'text/html', ...headers }).end('<h1>Hello</h1>');

/** The request was taken, and the connection breaks. */
export const cut: Act = (response) => void response.socket?.destroy();

export const halfAnAnswer: Act = (response) => {
  response.writeHead(200, { 'Content-Length': '100' });
  response.write('{"cart_id":', () => response.socket?.destroy());
};

/** Never answers; the client's time passes. */
export const stall: Act = (response, shop) => shop.stalled(response);

/** A server that does what it is told, request by request, and a clock that its client waits by. */
export class ScriptedShop {
  readonly clock = new FakeClock();
  readonly received: Received[] = [];
  readonly #acts: Act[];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #underWay = 0;
  #stalled = 0;

  /** The last act is what all further requests come to. */
  private constructor(acts: readonly Act[]) {
    this.#acts = [...acts];
  }

  static async open(...acts: readonly Act[]): Promise<ScriptedShop> {
    const shop = new ScriptedShop(acts);
    await new Promise<void>((resolve) => shop.#server.listen(0, '127.0.0.1', resolve));
    return shop;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A client that leaves nothing to chance: each wait is as long as it can be. */
  client(options: Partial<ClientOptions> = {}): Client {
    let ids = 0;
    return createClient({
      url: this.url,
      token: 't',
      clock: this.clock,
      random: () => 1,
      newId: () => `key-${(ids += 1)}`,
      fetch: async (url, init) => {
        this.#underWay += 1;
        const ended = () => void (this.#underWay -= 1);
        const response = await fetch(url, init).catch((error: unknown) => {
          ended();
          throw error;
        });
        const whole = response.text.bind(response);
        return Object.assign(response, { text: () => whole().finally(ended) });
      },
      ...options,
    });
  }

  /** What comes of a call. Time passes only while the client waits for nothing else. */
  async outcomeOf<T>(call: Promise<T>): Promise<T> {
    const state = { isSettled: false };
    const end = () => void (state.isSettled = true);
    call.then(end, end);
    while (!state.isSettled) {
      await this.clock.runUntilIdle();
      if (this.#underWay === this.#stalled) this.clock.fireNext();
    }
    return call;
  }

  stalled(response: ServerResponse): void {
    this.#stalled += 1;
    response.once('close', () => void (this.#stalled -= 1));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    const body = await text(request);
    this.received.push({
      ...{ method, path, headers, atMs: this.clock.monotonic() },
      body: body === '' ? undefined : JSON.parse(body),
    });
    const act = this.#acts.length > 1 ? this.#acts.shift() : this.#acts[0];
    act?.(response, this);
  }
}
