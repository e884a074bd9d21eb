import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as plug } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';
import { expect } from 'chai';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { codeOf, createLogger, silentLogger, systemClock } from '@trolley/runtime';
import { RpcError } from '../../../actors/services/grpc/rpc-error.ts';
import { openGrpcClient } from '../../../actors/services/grpc/grpc.client.ts';
import { openGrpcServer, type GrpcServer } from '../../../actors/services/grpc/grpc-server.ts';
import { createMutualTls } from '../../../actors/services/grpc/mutual-tls.ts';
import { unaryService } from '../../../actors/services/grpc/unary-service.ts';
import { temporaryFolder } from '../../../actors/services/testing/temporary-folder.ts';
import { openTestGateway, type TestGateway } from '../../../gateway/testing/test-gateway.ts';
import { PaymentServiceService } from '../../../proto/gen/payment/payment.ts';
import { parseConfig, type Environment } from '../config/parse-config.ts';
import { createLifecycle } from '../process/lifecycle.ts';
import { createProgress } from '../process/progress.ts';
import { TlsFiles } from '../process/tls-files.ts';
import {
  createTestAuthority,
  type CertificateFiles,
  type TestAuthority,
} from '../../prove/testing/certificates.ts';
import { startGrpcTls } from './tls.ts';

const settings = { clock: systemClock, logger: silentLogger };

function filesOf({ ca }: TestAuthority, { cert, key }: CertificateFiles) {
  const named = (path: string) => ({ variable: path, path });
  return TlsFiles.open({ files: { ca: named(ca), cert: named(cert), key: named(key) }, ...settings });
}

describe('mutual TLS between services', () => {
  /** Enough for those who try; short for the test that waits for it. */
  const handshakeMs = 1_000;
  const folder = temporaryFolder();
  const closers: (() => Promise<void> | void)[] = [];
  let authority: TestAuthority;
  let other: TestAuthority;
  let serverFiles: Awaited<ReturnType<typeof filesOf>>;
  let server: GrpcServer;

  beforeEach(async () => {
    authority = createTestAuthority(folder.path);
    other = createTestAuthority(join(folder.path, 'other'));
    serverFiles = await opened(filesOf(authority, authority.issue('server')));
    const service = unaryService(PaymentServiceService, {
      charge: () => Promise.reject(new RpcError('unimplemented', 'not here')),
      refund: () => ({}),
      getPayment: () => ({ payment: undefined }),
    });
    server = await openGrpcServer({
      host: '127.0.0.1',
      port: 0,
      services: [service],
      logger: silentLogger,
      credentials: createMutualTls(serverFiles, handshakeMs).server,
    });
    closers.push(() => server.close());
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function opened<T extends { close(): void }>(opening: Promise<T>): Promise<T> {
    const made = await opening;
    closers.push(() => made.close());
    return made;
  }

  async function clientOf(trusted: TestAuthority, shown: CertificateFiles): Promise<ChannelCredentials> {
    return createMutualTls(await opened(filesOf(trusted, shown))).client;
  }

  /** The code of one call over a connection of its own, or `served`. */
  async function call(offered: ChannelCredentials): Promise<string> {
    const options = { address: `localhost:${server.port}`, credentials: offered };
    const client = openGrpcClient(PaymentServiceService, options);
    try {
      await client.call('refund', { checkoutId: 'c' });
      return 'served';
    } catch (error) {
      return codeOf(error);
    } finally {
      client.close();
    }
  }

  it('serves who shows a certificate of the same authority', async () => {
    const client = await clientOf(authority, authority.issue('client'));
    expect(await call(client)).to.equal('served');
  });

  it('refuses plaintext, no certificate, and one of another authority', async () => {
    expect(await call(credentials.createInsecure())).to.equal('unavailable');
    expect(await call(credentials.createSsl(readFileSync(authority.ca)))).to.equal('unavailable');
    expect(await call(await clientOf(authority, other.issue('client')))).to.equal('unavailable');
  });

  it('calls no server of another authority', async () => {
    expect(await call(await clientOf(other, authority.issue('client')))).to.equal('unavailable');
  });

  it('calls no server whose certificate is for another host', async () => {
    authority.issue('server', 'shop.example');
    await serverFiles.look();
    const files = await opened(filesOf(authority, authority.issue('client')));
    const { client } = createMutualTls(files);
    expect(await call(client)).to.equal('unavailable');
  });

  it('shows new connections a renewed certificate, and keeps those that stand', async () => {
    const standing = openGrpcClient(PaymentServiceService, {
      address: `localhost:${server.port}`,
      credentials: await clientOf(authority, authority.issue('client')),
    });
    closers.push(() => standing.close());
    await standing.call('refund', { checkoutId: 'c' });
    const shown = async () => {
      const ca = readFileSync(authority.ca);
      const { cert, key } = authority.issue('looker');
      return serialOf(server.port, { ca, cert: readFileSync(cert), key: readFileSync(key) });
    };
    const before = await shown();
    authority.issue('server');
    await serverFiles.look();
    expect(await shown())
      .to.be.a('string')
      .and.not.equal(before);
    await standing.call('refund', { checkoutId: 'c' });
  });

  it('changes the authority while it runs, on both sides', async () => {
    const shown = authority.issue('client');
    const clientFiles = await opened(filesOf(authority, shown));
    const client = createMutualTls(clientFiles).client;
    expect(await call(client)).to.equal('served');

    const next = other.issue('server');
    await mkdir(folder.path, { recursive: true });
    await rename(next.cert, join(folder.path, 'server.crt'));
    await rename(next.key, join(folder.path, 'server.key'));
    await rename(other.ca, authority.ca);
    await serverFiles.look();
    expect(await call(client), 'a client of the old authority').to.equal('unavailable');

    const renewed = other.issue('client');
    await rename(renewed.cert, shown.cert);
    await rename(renewed.key, shown.key);
    await clientFiles.look();
    expect(await call(client), 'a client of the new authority').to.equal('served');
  });

  it('trusts several authorities at once, so that one can follow the other', async () => {
    const [own, next] = [authority.issue('client'), other.issue('client')];
    const both = readFileSync(authority.ca, 'utf8') + readFileSync(other.ca, 'utf8');
    writeFileSync(authority.ca, both);
    await serverFiles.look();
    for (const shown of [own, next]) expect(await call(await clientOf(authority, shown))).to.equal('served');
  });

  it('cuts off who never begins the handshake', async () => {
    const socket = plug(server.port, '127.0.0.1');
    closers.push(() => void socket.destroy());
    await once(socket.resume(), 'close');
  });

  it('speaks no TLS before 1.2', async () => {
    const { cert, key } = authority.issue('client');
    const own = { ca: readFileSync(authority.ca), cert: readFileSync(cert), key: readFileSync(key) };
    await expectTlsFrom12(server.port, own);
  });
});

describe('gRPC without certificates', () => {
  async function warningsOf(env: Environment): Promise<string[]> {
    const lines: string[] = [];
    const logger = createLogger('warn', { write: (line: string) => lines.push(line) });
    const lifecycle = createLifecycle({ progress: createProgress(new PassThrough()), log: logger });
    expect(await startGrpcTls(parseConfig(env), lifecycle, logger)).to.equal(undefined);
    return lines;
  }

  it('is warned of at each start where others may reach it', async () => {
    const open = { GRPC_HOST: '0.0.0.0', GRPC_INSECURE: 'true' };
    const [line, ...more] = await warningsOf(open);
    expect(line).to.include('GRPC_INSECURE').and.to.include('0.0.0.0');
    expect(more).to.deep.equal([]);
    expect(await warningsOf({ ...open, ROLES: 'payment' })).to.have.length(1);
  });

  it('is no matter on the loopback, nor where nothing listens', async () => {
    expect(await warningsOf({})).to.deep.equal([]);
    expect(await warningsOf({ GRPC_INSECURE: 'true' })).to.deep.equal([]);
    expect(await warningsOf({ ROLES: 'gateway', GRPC_HOST: '0.0.0.0' })).to.deep.equal([]);
  });
});

describe('HTTPS on the gateway', () => {
  const folder = temporaryFolder();
  let authority: TestAuthority;
  let files: TlsFiles<'cert' | 'key'>;
  let open: TestGateway;

  beforeEach(async () => {
    authority = createTestAuthority(folder.path);
    const { cert, key } = authority.issue('gateway');
    const named = { cert: { variable: 'TLS_CERT', path: cert }, key: { variable: 'TLS_KEY', path: key } };
    files = await TlsFiles.open({ files: named, ...settings });
    open = await openTestGateway({ tls: files.current, shutdownMs: 60_000 });
    files.onChange((renewed) => open.gateway.renewTls(renewed));
  });
  afterEach(async () => {
    files.close();
    await open.close();
  });

  const trusting = () => ({ ca: readFileSync(authority.ca) });

  function status(options: { readonly ca?: Buffer } = {}): Promise<number | string> {
    return new Promise((resolve) => {
      const asked = request(`${open.gateway.url}/health`, { agent: false, ...options }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      asked.end();
    });
  }

  it('answers who trusts its authority', async () => {
    expect(open.gateway.url).to.match(/^https:/);
    expect(await status(trusting())).to.equal(200);
    expect(await status()).to.equal('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('speaks neither plain HTTP nor TLS before 1.2', async () => {
    const plain = await fetch(open.gateway.url.replace('https:', 'http:')).catch(() => 'refused');
    expect(plain).to.equal('refused');
    await expectTlsFrom12(open.gateway.port, trusting());
  });

  it('shows new connections a renewed certificate', async () => {
    const before = await serialOf(open.gateway.port, trusting());
    authority.issue('gateway');
    await files.look();
    expect(await serialOf(open.gateway.port, trusting()))
      .to.be.a('string')
      .and.not.equal(before);
    expect(await status(trusting())).to.equal(200);
    await expectTlsFrom12(open.gateway.port, trusting());
  });

  it('cuts off who never begins the handshake', async () => {
    const short = await openTestGateway({ tls: files.current, silentMs: 20 });
    await once(plug(short.gateway.port, '127.0.0.1').resume(), 'close');
    await short.close();
  });

  it('does not wait at its end for a connection on which nothing was asked', async () => {
    const socket = connect({ port: open.gateway.port, host: '127.0.0.1', ...trusting() });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    await open.close();
    await closed;
  });
});

/** The serial number of the certificate that the server shows. */
function serialOf(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2', 'http/1.1'], ...options }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function expectTlsFrom12(port: number, options: ConnectionOptions): Promise<void> {
  const limited = (version: 'TLSv1.1' | 'TLSv1.2') => ({
    minVersion: version,
    maxVersion: version,
    // OpenSSL itself would else not offer the old version.
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...options,
  });
  expect(await serialOf(port, limited('TLSv1.2'))).to.be.a('string');
  const old: unknown = await serialOf(port, limited('TLSv1.1')).catch((error: unknown) => error);
  expect((old as NodeJS.ErrnoException).code).to.equal('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
}
