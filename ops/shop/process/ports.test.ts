import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { assertPortFree, findFreePort } from './ports.ts';

describe('ports', () => {
  let server: Server;
  let port: number;
  before(async () => {
    server = createServer();
    port = await findFreePort();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  it('a taken port is told in one line: which, whose, by whom', async () => {
    const failure = await assertPortFree({ port, variable: 'HTTP_PORT' }).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(failure?.message).to.match(new RegExp(`^Port ${port} \\(HTTP_PORT\\) is taken by .+\\.$`));
    expect(failure?.message).to.include('set HTTP_PORT to another port or to 0').and.not.include('\n');
    if (process.platform === 'linux') expect(failure?.message).to.include(`(pid ${process.pid})`);
  });

  it('a free port, and 0, pass', async () => {
    await assertPortFree({ port: await findFreePort(), variable: 'HTTP_PORT' });
    await assertPortFree({ port: 0, variable: 'HTTP_PORT' });
  });
});
