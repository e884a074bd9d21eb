import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { HttpConnection } from '../../../gateway/testing/http-connection.ts';
import { expectDocumented } from '../testing/documented-fetch.ts';
import { temporaryDataDir } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

const host = '127.0.0.1';
const mebibyte = 1024 * 1024;
/** What the shop may take besides what it had, whoever does what. */
const mostMoreBytes = 256 * mebibyte;

describe('whoever means a gateway ill', () => {
  let shop: ShopProcess;
  let port: number;
  let authorization: string;
  let usualBytes = 0;
  const dataDir = temporaryDataDir();

  before('a shop in a process of its own', async () => {
    shop = await ShopProcess.start({ DATA_DIR: dataDir, LOG_LEVEL: 'error' });
    port = Number(new URL(shop.client.url).port);
    authorization = `Authorization: Bearer ${(await shop.client.user(7)).token}`;
    await othersAreServed();
    usualBytes = residentBytes(shop.shopPid);
  });
  after(async () => {
    await shop.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });
  afterEach('others are served, from bounded memory', async () => {
    await othersAreServed();
    expect(residentBytes(shop.shopPid) - usualBytes).to.be.below(mostMoreBytes);
  });

  async function othersAreServed(): Promise<void> {
    const user = await shop.client.user(1);
    await user.shop.cart.get();
    await user.add(1, 1);
    await user.shop.cart.clear();
  }
  const openedAtOnce = (count: number) => Promise.all(Array.from({ length: count }, () => opened(port)));
  const head = (method: string, path: string, ...headers: string[]) =>
    [`${method} ${path} HTTP/1.1`, 'Host: x', authorization, ...headers, '', ''].join('\r\n');
  const post = (...headers: string[]) =>
    head('POST', '/api/v1/cart/items', 'Content-Type: application/json', ...headers);

  /** Of the next answer, which has to be one of those that are told of. */
  async function statusOf(connection: HttpConnection, method: 'GET' | 'POST'): Promise<number> {
    const { status, headers, body: text } = await connection.answer();
    const path = method === 'GET' ? '/api/v1/cart' : '/api/v1/cart/items';
    await expectDocumented(
      shop.client.url,
      { method, path },
      { status, headers: new Headers([...headers]), text },
    );
    return status;
  }

  it('with 10,000 connections that say nothing, and 100 that say it slowly, loses them all', async function () {
    // They are looked for every 10 s.
    this.timeout(60_000);
    const silent: Socket[] = [];
    // Not more at once than may wait to be taken up: those behind them would never reach the shop.
    while (silent.length < 10_000) {
      silent.push(...(await openedAtOnce(100)));
      expect((await shop.client.send('GET', '/health')).status).to.equal(200);
    }
    const slow = await openedAtOnce(100);
    const closed = [...silent, ...slow].map((socket) => once(socket, 'close'));
    const text = head('GET', '/api/v1/cart', `X-Slow: ${'x'.repeat(200)}`);
    let at = 0;
    const timer = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write(text.charAt(at));
      at += 1;
    }, 200);
    try {
      await othersAreServed();
      expect(residentBytes(shop.shopPid) - usualBytes).to.be.below(mostMoreBytes);
      await Promise.all(closed);
    } finally {
      clearInterval(timer);
      for (const socket of [...silent, ...slow]) socket.destroy();
    }
  });

  it('with a body of 1 GB in chunks is 413, and cut off', async () => {
    const connection = await HttpConnection.open(port);
    connection.send(post('Transfer-Encoding: chunked'));
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const sending = connection.sendWithoutEnd(
      Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]),
    );
    expect(await statusOf(connection, 'POST')).to.equal(413);
    await sending;
    connection.close();
  });

  it('with JSON as deep as it is long is 400', async () => {
    for (const nested of ['['.repeat(mebibyte - 1), `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`]) {
      const connection = await HttpConnection.open(port);
      connection.send(post(`Content-Length: ${nested.length}`), nested);
      expect(await statusOf(connection, 'POST')).to.equal(400);
      connection.close();
    }
  });

  it('with a header of 5 MB is 431', async () => {
    const connection = await HttpConnection.open(port);
    connection.send(`GET /api/v1/cart HTTP/1.1\r\nX-Large: ${'x'.repeat(5 * mebibyte)}\r\n\r\n`);
    expect(await statusOf(connection, 'GET')).to.equal(431);
    await connection.closed();
    connection.close();
  });

  it('with 100,000 requests in a row that waits for no answer is cut off', async () => {
    const connection = await HttpConnection.open(port);
    const hundred = head('GET', '/api/v1/cart').repeat(100);
    const sending = connection.sendWithoutEnd(hundred);
    await othersAreServed();
    await sending;
    connection.close();
  });
});

async function opened(port: number): Promise<Socket> {
  const socket = connect({ port, host });
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

/** Of one process. */
function residentBytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
}
