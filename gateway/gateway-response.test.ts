import { once } from 'node:events';
import { createServer, get, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { GatewayResponse, headerLines, responseClass, sendWhole } from './gateway-response.ts';

describe('the head of an answer', () => {
  /** Names and values in turn, as they were written, and the body. */
  async function sentBy(answerClass: typeof ServerResponse, body?: string | Buffer) {
    const checked = headerLines([
      ['X-First', "a: 'b'"],
      ['X-Second', '2'],
    ]);
    const server = createServer({ ServerResponse: answerClass }, (_request, response) => {
      response.setHeader('X-Set', 'before');
      const length = String(body?.length ?? 0);
      sendWhole(
        response,
        200,
        checked,
        ['X-Third', '3', 'Content-Length', length, 'Connection', 'close'],
        body,
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [answer] = (await once(get({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage];
    const text = Buffer.concat(await answer.toArray()).toString();
    server.close();
    return { headers: answer.rawHeaders.filter((_, i, all) => all[i - (i % 2)]?.startsWith('X-')), text };
  }

  it('has what was checked before first, by whichever class of Node', async () => {
    const all = ['X-First', "a: 'b'", 'X-Second', '2', 'X-Set', 'before', 'X-Third', '3'];
    expect((await sentBy(GatewayResponse)).headers).to.deep.equal(all);
    expect((await sentBy(ServerResponse)).headers.toSorted()).to.deep.equal(all.toSorted());
  });

  it('is followed by the body, as a text or as bytes', async () => {
    for (const answerClass of [GatewayResponse, ServerResponse]) {
      expect((await sentBy(answerClass, '{"a":1}')).text).to.equal('{"a":1}');
      expect((await sentBy(answerClass, Buffer.from('{"a":"ä"}'))).text).to.equal('{"a":"ä"}');
    }
  });

  it('takes them unchecked, and a text in one piece, with this version of Node', () => {
    expect(responseClass()).to.equal(GatewayResponse);
  });

  it('is made of lines that may stand there', () => {
    expect(() => headerLines([['X-First', 'a\r\nX-Second: b']])).to.throw(/Invalid character/);
    expect(() => headerLines([['X First', 'a']])).to.throw(/valid HTTP token/);
  });
});
