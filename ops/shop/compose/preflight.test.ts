import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLogger } from '@trolley/runtime';
import { parseConfig } from '../config/parse-config.ts';
import { openDataDirChecked, warnOfUnknownHosts } from './preflight.ts';

describe('openDataDirChecked', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trolley-preflight-'));
  after(() => rmSync(folder, { recursive: true }));

  const dataDir = join(folder, 'data');
  const anyPorts = Object.fromEntries(
    ['HTTP', 'PRODUCT', 'CART', 'INVENTORY', 'PAYMENT', 'ORDERS', 'CHECKOUT'].map((name) => [
      `${name}_PORT`,
      '0',
    ]),
  );
  const problemsOf = (environment: Record<string, string>) =>
    openDataDirChecked(parseConfig({ DATA_DIR: dataDir, ...anyPorts, ...environment })).then(
      (held) => {
        held.release();
        return [];
      },
      (error: unknown) => (error as Error).message.split('\n'),
    );

  it('tells all that is in the way at once: ports and certificates', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    try {
      const problems = await problemsOf({
        ROLES: 'gateway,node,grpc',
        HTTP_PORT: String(port),
        TLS_CERT: join(folder, 'missing.crt'),
        TLS_KEY: join(folder, 'missing.key'),
      });
      expect(problems).to.have.length(2);
      expect(problems[0]).to.include(`Port ${port} (HTTP_PORT) is taken by `);
      expect(problems[1]).to.equal(
        `TLS_CERT: ${join(folder, 'missing.crt')} cannot be read: there is no such file`,
      );
    } finally {
      holder.close();
    }
    expect(await problemsOf({}), 'nothing is held afterwards').to.deep.equal([]);
  });

  it('starts when a service has no address yet, and warns of it', async () => {
    const environment = { ROLES: 'gateway,node', PAYMENT_SERVICE_ADDR: 'nowhere.invalid:50054' };
    expect(await problemsOf(environment)).to.deep.equal([]);
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line) => lines.push(line) });
    await warnOfUnknownHosts(parseConfig(environment), logger);
    expect(lines).to.have.length(1);
    expect((JSON.parse(lines[0]!) as { msg: string }).msg).to.match(
      /^PAYMENT_SERVICE_ADDR: nowhere\.invalid:50054 can't be found: (there is no host|the host) nowhere\.invalid/,
    );
  });

  it('says in one line why DATA_DIR cannot be used', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(await problemsOf({ DATA_DIR: file })).to.deep.equal([
      `DATA_DIR: ${file} can't be used: something else has that name`,
    ]);
    expect(await problemsOf({ DATA_DIR: join(file, 'below') })).to.deep.equal([
      `DATA_DIR: ${join(file, 'below')} can't be used: a part of the path is no folder`,
    ]);
  });
});
