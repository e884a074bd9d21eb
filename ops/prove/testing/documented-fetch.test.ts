import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { documentedFetch } from './documented-fetch.ts';
import { expectAllDocumented } from './undocumented-answers.ts';

const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'X-Request-Id': 'r' };

describe('documentedFetch', () => {
  let server: Server;
  let url: string;
  let body = '';
  beforeEach(async () => {
    // As a gateway that is overloaded, or dies before it is asked for its description.
    server = createServer((request, response) => {
      if (request.url === '/openapi.json') return void request.socket.destroy();
      response.writeHead(200, headers).end(body);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  });
  afterEach(() => server.close());

  it('checks the answers of a gateway that gives no description, too', async () => {
    body = '{"status":"ok"}';
    expect(await (await documentedFetch(url)).text()).to.equal(body);
    body = '{"status":"dead"}';
    const refused = await documentedFetch(url).then(() => 'taken', String);
    expect(refused).to.include('/health was answered 200').and.include('/status must be equal to constant');
    expect(expectAllDocumented).to.throw(refused.replace('Error: ', ''));
  });

  it('fails the test though the rejection is taken for an outage', async () => {
    body = '{}';
    await documentedFetch(url).catch(() => undefined);
    expect(expectAllDocumented).to.throw("must have required property 'status'");
    expectAllDocumented();
  });
});
