import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AnsweredRequest } from './gateway-metrics.ts';
import { HttpConnection } from './testing/http-connection.ts';
import { openTestGateway, tokenFor, type TestGateway } from './testing/test-gateway.ts';

/** Sends `text` as it is and gives back everything that comes until the far side closes. */
async function rawAnswer(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

function jsonOf(answer: string): Record<string, unknown> {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as Record<string, unknown>;
}

describe('openGateway', () => {
  let open: TestGateway;
  beforeEach(async () => {
    open = await openTestGateway();
  });
  afterEach(() => open.close());

  const next = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';
  const malformed: Record<string, [text: string, status: number, code: string]> = {
    'no HTTP': ['hello\r\n\r\n', 400, 'invalid_request'],
    'an unknown method': ['BREW /api/v1/cart HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'invalid_request'],
    'a wrong length': ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n', 400, 'invalid_request'],
    'two lengths': ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400, 'invalid_request'],
    'both kinds of length': ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400, 'invalid_request'],
    'an encoding behind chunked': ['POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n', 400, 'invalid_request'],
    'an encoding nobody knows': [`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n${next}`, 400, 'invalid_request'],
    'a broken chunk': [`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n${next}`, 400, 'invalid_request'],
    'chunks over HTTP/1.0': [`POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${next}`, 400, 'invalid_request'],
    'two hosts': [`GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n${next}`, 400, 'invalid_request'],
    'HTTP/0.9': ['GET /health\r\n\r\n', 400, 'invalid_request'],
    'HTTP/2.0': [`GET /health HTTP/2.0\r\nHost: x\r\n\r\n${next}`, 400, 'invalid_request'],
    'a line break of one byte': ['GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n', 400, 'invalid_request'],
    'a blank before a colon': ['GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400, 'invalid_request'],
    'large headers': [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    'headers of 5 MB': [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(5_000_000)}\r\n\r\n`, 431, 'headers_too_large'],
    'no host': ['GET /api/v1/cart HTTP/1.1\r\nConnection: close\r\n\r\n', 401, 'unauthorized'],
    'a target that is no URL': ['GET http://[x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400, 'invalid_request'],
    'an unknown expectation': ['GET /x HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n', 404, 'not_found'],
    'a way to elsewhere': ['CONNECT shop.example:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, 'method_not_allowed'],
    'an asterisk': ['OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404, 'not_found'],
  }; // prettier-ignore
  for (const [what, [text, status, code]] of Object.entries(malformed)) {
    it(`answers ${what} with ${status} ${code}`, async () => {
      const answer = await rawAnswer(open.gateway.port, text);
      expect(answer).to.match(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer.match(/HTTP\/1\.1 \d/g), 'answers').to.have.length(1);
      expect(jsonOf(answer)).to.include({ code }).and.have.keys('error', 'code', 'request_id');
      expect(answer.toLowerCase()).to.contain(
        `x-request-id: ${String(jsonOf(answer)['request_id']).toLowerCase()}`,
      );
    });
  }

  it('drops no header that comes twice, or behind a thousand others', async () => {
    const user = `Authorization: Bearer ${await tokenFor(1)}`;
    const type = 'Content-Type: application/json';
    const sent = 'Transfer-Encoding: chunked';
    const body = '1d\r\n{"product_id":1,"quantity":1}\r\n0\r\n\r\n';
    const statusOf = async (...headers: string[]) => {
      const head = ['POST /api/v1/cart/items HTTP/1.1', 'Host: x', 'Connection: close', ...headers];
      return (await rawAnswer(open.gateway.port, `${head.join('\r\n')}\r\n\r\n${body}`)).split(' ')[1];
    };
    const many = Array.from({ length: 1_500 }, (_, n) => `X${n}: `);
    expect(await statusOf(...many, user, type, sent)).to.equal('201');
    expect(await statusOf(user, 'Authorization: Bearer x', type, sent)).to.equal('401');
    expect(await statusOf('Authorization: Bearer x', user, type, sent)).to.equal('401');
    expect(await statusOf(user, type, 'Content-Type: text/plain', sent)).to.equal('415');
    expect(await statusOf(user, type, 'Transfer-Encoding: gzip, chunked')).to.equal('415');
  });

  it('closes a connection on which no request comes', async () => {
    const short = await openTestGateway({ silentMs: 20 });
    for (const said of ['', 'GET /health HTTP/1.1\r\nHost:'])
      expect(await rawAnswer(short.gateway.port, said), said).to.match(/^HTTP\/1.1 408 /);
    await short.close();
  });

  it('closes a connection whose reader takes nothing of its answer, and none whose answer is under way', async () => {
    let goOn: () => void = () => undefined;
    const ended: AnsweredRequest[] = [];
    const stalled = await openTestGateway({
      stallMs: 50,
      metrics: {
        answered: (request) => void ended.push(request),
        text: async () => '',
        contentType: 'text/plain',
      },
      rateLimits: {
        take: (principal) =>
          new Promise((resolve) => {
            const allow = () => resolve({ allowed: true });
            if (principal === 'user:1') goOn = allow;
            else allow();
          }),
      },
    });
    try {
      const connect = () => HttpConnection.open(stalled.gateway.port);
      const [deaf, patient] = [await connect(), await connect()];
      patient.send(
        `GET /api/v1/cart HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await tokenFor(1)}\r\n\r\n`,
      );
      deaf.pause();
      // More than sockets take up.
      deaf.send('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(16));
      const gone = () => ended.some(({ route, status }) => route === '/docs/:file' && status === 499);
      while (!gone()) await new Promise((resolve) => setImmediate(resolve));
      goOn();
      expect((await patient.answer()).status).to.equal(200);
      for (const each of [deaf, patient]) each.close();
    } finally {
      await stalled.close();
    }
  });

  it('answers requests that come in a row, and cuts off who sends 257 before the first has its answer', async () => {
    const held: (() => void)[] = [];
    const take = () =>
      new Promise<{ allowed: true }>((resolve) => held.push(() => resolve({ allowed: true })));
    const slow = await openTestGateway({ rateLimits: { take } });
    const one = `GET /api/v1/cart HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await tokenFor(1)}\r\n\r\n`;
    try {
      const hasty = await HttpConnection.open(slow.gateway.port);
      hasty.send(one.repeat(300));
      await hasty.closed();
      expect(held).to.have.length(256);
      held.length = 0;
      const answer = rawAnswer(
        slow.gateway.port,
        one.repeat(255) + one.replace('Host', 'Connection: close\r\nHost'),
      );
      while (held.length < 256) await new Promise((resolve) => setImmediate(resolve));
      for (const go of held) go();
      expect((await answer).match(/HTTP\/1.1 200 /g)).to.have.length(256);
    } finally {
      await slow.close();
    }
  });

  it('answers 408 to a body that does not arrive, and ends the connection', async () => {
    const impatient = await openTestGateway({ requestTimeoutMs: 50 });
    const headers = `Host: x\r\nAuthorization: Bearer ${await tokenFor(1)}\r\nContent-Type: application/json`;
    const answer = await rawAnswer(
      impatient.gateway.port,
      `POST /api/v1/cart/items HTTP/1.1\r\n${headers}\r\nContent-Length: 50\r\n\r\n{"product_id":`,
    );
    expect(answer).to.match(/^HTTP\/1.1 408 /);
    expect(jsonOf(answer)).to.include({ code: 'request_timeout' });
    await impatient.close();
  });

  it('gives back the request id of the caller, and makes one for who has none or a wrong one', async () => {
    const idFor = async (headers: Readonly<Record<string, string>>) =>
      (await open.send('GET', '/health', { as: 'nobody', headers })).headers.get('x-request-id');
    expect(await idFor({ 'x-request-id': 'a b-1!' })).to.equal('a b-1!');
    expect(await idFor({ 'x-request-id': 'x'.repeat(128) })).to.equal('x'.repeat(128));
    for (const wrong of ['x'.repeat(129), 'ü', '']) {
      expect(await idFor({ 'x-request-id': wrong })).to.match(/^[0-9a-f-]{36}$/);
    }
    expect(await idFor({})).to.match(/^[0-9a-f-]{36}$/);
  });

  it('answers HEAD as GET without the body, and OPTIONS with what is allowed', async () => {
    const head = await open.send('HEAD', '/api/v1/cart');
    expect([head.status, head.text]).to.deep.equal([200, '']);
    expect(Number(head.headers.get('content-length'))).to.be.greaterThan(10);
    const options = await open.send('OPTIONS', '/api/v1/cart', { as: 'nobody' });
    expect([options.status, options.headers.get('allow')]).to.deep.equal([204, 'DELETE, GET, HEAD, OPTIONS']);
  });

  it('lets pages of allowed origins call, and no others', async () => {
    const preflight = (origin: string) =>
      open.send('OPTIONS', '/api/v1/cart', {
        as: 'nobody',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      });
    const allowed = await preflight('https://shop.example');
    expect(allowed.headers.get('access-control-allow-origin')).to.equal('https://shop.example');
    expect(allowed.headers.get('access-control-allow-headers')).to.equal('authorization');
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).to.equal(
      null,
    );
    const error = await open.send('GET', '/api/v1/x', { headers: { origin: 'https://shop.example' } });
    expect([error.status, error.headers.get('access-control-allow-origin')]).to.deep.equal([
      404,
      'https://shop.example',
    ]);
  });

  it('hides what it runs on, and is never framed or sniffed', async () => {
    const { headers } = await open.send('GET', '/health');
    expect(headers.get('x-powered-by')).to.equal(null);
    expect(headers.get('x-content-type-options')).to.equal('nosniff');
    expect(headers.get('content-security-policy')).to.be.a('string');
  });

  it('lets a request under way end before it closes', async () => {
    const asked = new Promise<() => void>((taken) => {
      open.actors.answerWith('cart', 'ClearCart', async (key: string) => {
        await new Promise<void>((release) => taken(release));
        return open.memory.answers['cart']?.['AddItem']?.(key, { productId: 1, quantity: 1 } as never, {});
      });
    });
    const answer = open.send('DELETE', '/api/v1/cart');
    const release = await asked;
    let closed = false;
    const closing = open.close().then(() => {
      closed = true;
    });
    const refused = await open.send('GET', '/health').then(
      () => 'served',
      () => 'refused',
    );
    expect([refused, closed]).to.deep.equal(['refused', false]);
    release();
    expect((await answer).status).to.equal(200);
    await closing;
  });

  it('cuts off what does not end', async () => {
    const stuck = await openTestGateway({ shutdownMs: 1 });
    const asked = new Promise<void>((taken) => {
      stuck.actors.answerWith('cart', 'ClearCart', () => {
        taken();
        return new Promise(() => {});
      });
    });
    const cut = stuck.send('DELETE', '/api/v1/cart').then(
      () => 'answered',
      () => 'cut off',
    );
    await asked;
    await stuck.close();
    expect(await cut).to.equal('cut off');
  });

  it('does not wait for a connection on which nothing was asked', async () => {
    const socket = connect(open.gateway.port, '127.0.0.1');
    await once(socket, 'connect');
    await open.send('GET', '/health');
    const closed = once(socket, 'close');
    await open.close();
    await closed;
  });

  it('rejects when the port is taken', async () => {
    const error: unknown = await openTestGateway({ port: open.gateway.port }).then(
      (second) => second.close(),
      (reason: unknown) => reason,
    );
    expect(error).to.include({ code: 'EADDRINUSE' });
  });
});
