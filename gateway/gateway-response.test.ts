import { once } from 'node:events';
import { createServer, get, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { GatewayResponse, headerLines, responseClass, writeHead } from './gateway-response.ts';

describe('the head of an answer', () => {
  /** Names and values in turn, as they were written. */
  async function headersBy(answerClass: typeof ServerResponse): Promise<readonly string[]> {
    const checked = headerLines([
      ['X-First', "a: 'b'"],
      ['X-Second', '2'],
    ]);
    const server = createServer({ ServerResponse: answerClass }, (_request, response) => {
      response.setHeader('X-Set', 'before');
      writeHead(response, 200, checked, ['X-Third', '3', 'Content-Length', '0', 'Connection', 'close']);
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [answer] = (await once(get({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    server.close();
    return answer.rawHeaders.filter((_, i, all) => all[i - (i % 2)]?.startsWith('X-'));
  }

  it('has what was checked before first, by whichever class of Node', async () => {
    const all = ['X-First', "a: 'b'", 'X-Second', '2', 'X-Set', 'before', 'X-Third', '3'];
    expect(await headersBy(GatewayResponse)).to.deep.equal(all);
    expect((await headersBy(ServerResponse)).toSorted()).to.deep.equal(all.toSorted());
  });

  it('takes them unchecked with this version of Node', () => {
    expect(responseClass()).to.equal(GatewayResponse);
  });

  it('is made of lines that may stand there', () => {
    expect(() => headerLines([['X-First', 'a\r\nX-Second: b']])).to.throw(/Invalid character/);
    expect(() => headerLines([['X First', 'a']])).to.throw(/valid HTTP token/);
  });
});
