import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createMongoConnection } from '@trolley/runtime/mongo';
import { findMongod } from './mongo-program.ts';
import { createTestAuthority } from '../testing/certificates.ts';
import { startPrivateMongo } from '../testing/test-servers.ts';

describe('a MongoDB for tests', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'trolley-mongo-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps its port and what it holds over a kill', async () => {
    const server = await startPrivateMongo();
    const { database, close } = createMongoConnection(server.url);
    try {
      await database
        .collection('kept')
        .insertOne({ answer: 'yes' }, { writeConcern: { w: 1, journal: true } });
      await server.kill();
      await server.start();
      expect(await database.collection('kept').findOne()).to.include({ answer: 'yes' });
    } finally {
      await close();
      await server.stop();
    }
  });

  it('is reached over TLS by the options of its address, and only by who trusts it', async () => {
    const authority = createTestAuthority(folder);
    const stranger = createTestAuthority(folder, 'stranger');
    const { cert, key } = authority.issue('mongod');
    const both = join(folder, 'mongod.pem');
    writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
    const tls = ['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', both, '--tlsCAFile', authority.ca];
    const server = await startPrivateMongo([...tls, '--tlsAllowConnectionsWithoutCertificates']);
    const reach = async (ca: string) => {
      const query = new URLSearchParams({ tls: 'true', tlsCAFile: ca, serverSelectionTimeoutMS: '1000' });
      const { ping, close } = createMongoConnection(`${server.url}?${query.toString()}`);
      try {
        await ping();
        return 'reached';
      } catch (error) {
        return String(error);
      } finally {
        await close();
      }
    };
    try {
      expect(await reach(authority.ca)).to.equal('reached');
      expect(await reach(stranger.ca)).to.match(/certificate/);
    } finally {
      await server.stop();
    }
  });

  it('is one that is installed, when there is one', async () => {
    const program = join(folder, 'mongod');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    expect(await findMongod(folder, () => expect.fail('nothing is fetched'))).to.equal(program);
  });
});
