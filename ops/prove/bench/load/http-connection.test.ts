import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { HttpConnection } from './http-connection.ts';

describe('A connection of the load generator', () => {
  let server: Server;
  let connection: HttpConnection;
  let other: Socket;
  let received: string;

  beforeEach(async () => {
    received = '';
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    connection = await HttpConnection.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    [other] = (await accepted) as [Socket];
    other.setEncoding('utf8').on('data', (text: string) => (received += text));
  });

  afterEach(() => {
    connection.close();
    server.close();
  });

  const requestArrived = (part: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!received.includes(part)) return void other.once('data', look);
        resolve();
      };
      look();
    });

  const failureOf = (sent: Promise<unknown>) =>
    sent.then(
      () => 'answered',
      (error: unknown) => (error as Error).message,
    );

  it('sends a body with its length in bytes, and a token', async () => {
    void connection.send('POST', '/items', 'secret', { name: 'Käse' }).catch(() => undefined);
    await requestArrived('Käse');
    expect(received).to.match(/^POST \/items HTTP\/1\.1\r\n/);
    expect(received).to.contain('Authorization: Bearer secret\r\n').and.to.contain('Content-Length: 16\r\n');
  });

  it('takes one answer after the other, also where they come in pieces', async () => {
    const first = connection.send('GET', '/');
    await requestArrived('\r\n\r\n');
    for (const piece of ['HTTP/1.1 201 Crea', 'ted\r\ncontent-LENGTH: 5\r\n\r', '\nhel', 'lo'])
      other.write(piece);
    const { status, body } = await first;
    expect([status, body.toString()]).to.deep.equal([201, 'hello']);
    received = '';
    const second = connection.send('GET', '/');
    await requestArrived('\r\n\r\n');
    other.write('HTTP/1.1 204 No Content\r\n\r\n');
    expect((await second).status).to.equal(204);
  });

  it('fails what was sent, and whatever is sent later, when the other side hangs up', async () => {
    const sent = failureOf(connection.send('GET', '/'));
    await requestArrived('\r\n\r\n');
    other.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    expect(await sent).to.equal('the connection was closed');
    expect(await failureOf(connection.send('GET', '/'))).to.equal('the connection was closed');
  });

  it('refuses an answer whose end it can not tell', async () => {
    const sent = failureOf(connection.send('GET', '/'));
    await requestArrived('\r\n\r\n');
    other.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(await sent).to.match(/^an answer without a length/);
  });
});
