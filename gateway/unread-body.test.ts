import { expect } from 'chai';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { HttpConnection } from './testing/http-connection.ts';
import { openTestGateway, tokenFor, type TestGateway } from './testing/test-gateway.ts';

const items = '/api/v1/cart/items';
const next = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';
const maxBodyBytes = 1024;

type Headers = Readonly<Record<string, string | number>>;

describe('a body that is not read', () => {
  let open: TestGateway;
  let token: string;
  const connections: HttpConnection[] = [];
  before(async () => {
    open = await openTestGateway({ maxBodyBytes, lingerMs: 60_000 });
    token = await tokenFor(1);
  });
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.close();
  });
  after(() => open.close());

  async function dial(gateway = open): Promise<HttpConnection> {
    const connection = await HttpConnection.open(gateway.gateway.port);
    connections.push(connection);
    return connection;
  }

  function head(method: string, path: string, headers: Headers): string {
    const all = {
      Host: 'x',
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
  }

  const spaces = Buffer.alloc(16 * 1024 * 1024, ' ');
  const bombs: Record<string, Buffer> = {
    gzip: gzipSync(spaces.subarray(0, 512 * 1024)),
    deflate: deflateSync(spaces.subarray(0, 512 * 1024)),
    br: brotliCompressSync(spaces),
  };
  for (const [encoding, bomb] of Object.entries(bombs)) {
    it(`that inflates (${encoding}) beyond the limit is 413, and the next request is served`, async () => {
      expect(bomb.length).to.be.lessThan(maxBodyBytes);
      const connection = await dial();
      connection.send(
        head('POST', items, { 'Content-Encoding': encoding, 'Content-Length': bomb.length }),
        bomb,
        next,
      );
      expect((await connection.answer()).status).to.equal(413);
      expect((await connection.answer()).status).to.equal(200);
    });
  }

  it('that is compressed and within the limit is read, in whatever case its encoding is named', async () => {
    const body = gzipSync('{"product_id":1,"quantity":1}');
    const connection = await dial();
    for (const encoding of ['gzip', 'GZIP', 'x-gzip']) {
      connection.send(
        head('POST', items, { 'Content-Encoding': encoding, 'Content-Length': body.length }),
        body,
      );
      expect((await connection.answer()).status, encoding).to.equal(201);
    }
  });

  const answers: [what: string, method: string, path: string, headers: Headers, status: number][] = [
    ['without a token', 'POST', items, { Authorization: '' }, 401],
    ['without a right', 'PATCH', '/api/v1/orders/x/status', {}, 403],
    ['without a route', 'POST', '/nothing', {}, 404],
    ['of a wrong method', 'PATCH', '/api/v1/cart', {}, 405],
    ['of another type', 'POST', items, { 'Content-Type': 'text/plain' }, 415],
    ['in an unknown encoding', 'POST', items, { 'Content-Encoding': 'x' }, 415],
    ['of a GET', 'GET', '/api/v1/cart', {}, 200],
    ['of a DELETE', 'DELETE', '/api/v1/cart', {}, 200],
    ['of a HEAD', 'HEAD', '/api/v1/cart', {}, 200],
    ['of an OPTIONS', 'OPTIONS', '/api/v1/cart', {}, 204],
  ];
  for (const [what, method, path, headers, status] of answers) {
    it(`${what} is thrown away: ${status} before it has come, and the next request is served after it`, async () => {
      const connection = await dial();
      connection.send(head(method, path, { ...headers, 'Content-Length': 200 }), 'x'.repeat(100));
      expect((await connection.answer(method === 'HEAD')).status).to.equal(status);
      connection.send('x'.repeat(100), next);
      expect((await connection.answer()).status).to.equal(200);
    });

    it(`${what} is not waited for without end: ${status}, and the connection is closed`, async () => {
      const impatient = await openTestGateway({ maxBodyBytes, lingerMs: 1 });
      const [short, endless] = [await dial(impatient), await dial(impatient)];
      short.send(head(method, path, { ...headers, 'Content-Length': 200 }), 'x'.repeat(100));
      expect((await short.answer(method === 'HEAD')).status).to.equal(status);
      endless.send(head(method, path, { ...headers, 'Transfer-Encoding': 'chunked' }), '5\r\nxxxxx\r\n');
      const answer = await endless.answer(method === 'HEAD');
      expect([answer.status, answer.headers.get('connection')]).to.deep.equal([status, 'close']);
      await Promise.all([short.closed(), endless.closed()]);
      await impatient.close();
    });
  }

  it('that is announced as too long is 413 before it has come, and the sender may end before the connection does', async () => {
    const connection = await dial();
    connection.send(head('POST', items, { 'Content-Length': 20 * maxBodyBytes }));
    const answer = await connection.answer();
    expect([answer.status, answer.headers.get('connection')]).to.deep.equal([413, 'close']);
    expect(JSON.parse(answer.body)).to.include({ code: 'payload_too_large' });
    connection.send('x'.repeat(20 * maxBodyBytes));
    await connection.closed();
  });

  it('that turns out to be too long is 413, also when it never ends', async () => {
    const connection = await dial();
    connection.send(head('POST', items, { 'Transfer-Encoding': 'chunked' }));
    const sent = connection.sendWithoutEnd(`1000\r\n${'x'.repeat(0x1000)}\r\n`);
    expect((await connection.answer()).status).to.equal(413);
    await sent;
  });

  it('that is compressed and inflates to nothing is 413 when it never ends', async () => {
    const connection = await dial();
    const nothing = gzipSync('');
    connection.send(head('POST', items, { 'Content-Encoding': 'gzip', 'Transfer-Encoding': 'chunked' }));
    const piece = Buffer.concat([
      Buffer.from(`${nothing.length.toString(16)}\r\n`),
      nothing,
      Buffer.from('\r\n'),
    ]);
    const sent = connection.sendWithoutEnd(Buffer.concat(Array.from({ length: 200 }, () => piece)));
    expect((await connection.answer()).status).to.equal(413);
    await sent;
  });

  it('that waits to be asked for is asked for when it will be read', async () => {
    const connection = await dial();
    const body = '{"product_id":1,"quantity":1}';
    connection.send(head('POST', items, { Expect: '100-continue', 'Content-Length': body.length }));
    expect((await connection.answer()).status).to.equal(100);
    connection.send(body, next);
    expect((await connection.answer()).status).to.equal(201);
    expect((await connection.answer()).status).to.equal(200);
  });

  for (const length of [100, 20 * maxBodyBytes]) {
    it(`that waits to be asked for (${length} bytes) is not asked for when it is refused`, async () => {
      const connection = await dial();
      connection.send(
        head('POST', items, { Authorization: '', Expect: '100-continue', 'Content-Length': length }),
      );
      const answer = await connection.answer();
      expect([answer.status, answer.headers.get('connection')]).to.deep.equal([401, 'close']);
      await connection.closed();
    });
  }

  it('that its sender gives up in the middle keeps nothing back', async () => {
    const body = gzipSync('{"product_id":1,"quantity":1}');
    const leaving = await dial();
    leaving.send(head('POST', items, { 'Content-Encoding': 'gzip', 'Content-Length': 500 }), body);
    leaving.close();
    const connection = await dial();
    connection.send(next);
    expect((await connection.answer()).status).to.equal(200);
  });
});

describe('a connection on which no HTTP is spoken', () => {
  it('is ended also when its other end stays', async () => {
    const open = await openTestGateway({ lingerMs: 1, shutdownMs: 3_600_000 });
    const connection = await HttpConnection.open(open.gateway.port);
    connection.send('hello\r\n\r\n');
    expect((await connection.answer()).status).to.equal(400);
    await open.close();
    connection.close();
  });
});
