import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLogger } from '@trolley/runtime';
import { ManualClock } from '../../../actors/services/testing/manual-clock.ts';
import { temporaryFolder } from '../../../actors/services/testing/temporary-folder.ts';
import { isStartProblem } from './start-problem.ts';
import { createTestAuthority, type TestAuthority } from '../../prove/testing/certificates.ts';
import { TlsFiles, type TlsTexts } from './tls-files.ts';

describe('TlsFiles', () => {
  const folder = temporaryFolder();
  const clock = new ManualClock();
  const opened: { close(): void }[] = [];
  let authority: TestAuthority;
  let lines: string[];

  beforeEach(() => {
    authority = createTestAuthority(folder.path);
    lines = [];
  });
  afterEach(() => {
    for (const each of opened.splice(0)) each.close();
  });

  async function open(paths: Readonly<Record<'ca' | 'cert' | 'key', string>>) {
    const named = (variable: string, path: string) => ({ variable, path });
    const files = await TlsFiles.open({
      files: {
        ca: named('GRPC_TLS_CA', paths.ca),
        cert: named('GRPC_TLS_CERT', paths.cert),
        key: named('GRPC_TLS_KEY', paths.key),
      },
      clock,
      logger: createLogger('info', { write: (line: string) => lines.push(line) }),
    });
    opened.push(files);
    return files;
  }
  const openIssued = () => open({ ca: authority.ca, ...authority.issue('own') });
  const at = (name: string) => join(folder.path, name);
  const nextChange = (files: Awaited<ReturnType<typeof open>>) =>
    new Promise<TlsTexts<'ca' | 'cert' | 'key'>>((resolve) => files.onChange(resolve));
  const logged = (text: string) => lines.filter((line) => line.includes(text)).length;

  it('hold what the files say', async () => {
    const { current } = await openIssued();
    for (const [part, file] of [
      ['ca', 'ca.crt'],
      ['cert', 'own.crt'],
      ['key', 'own.key'],
    ] as const) {
      expect(current[part]).to.equal(await readFile(at(file), 'utf8'));
    }
  });

  const problems: [what: string, break_: () => Promise<unknown>, line: () => string][] = [
    ['a missing file', () => rm(at('own.crt')), () => `GRPC_TLS_CERT: ${at('own.crt')} cannot be read: there is no such file`],
    ['a folder', () => rm(at('own.key')).then(() => mkdir(at('own.key'))), () => `GRPC_TLS_KEY: ${at('own.key')} cannot be read: it is a folder`],
    ['a certificate that is none', () => writeFile(at('own.crt'), 'hello'), () => `GRPC_TLS_CERT: ${at('own.crt')} is not a PEM file of certificates`],
    ['an authority that is none', () => writeFile(at('ca.crt'), ''), () => `GRPC_TLS_CA: ${at('ca.crt')} is not a PEM file of certificates`],
    ['a key that is none', () => writeFile(at('own.key'), 'hello'), () => `GRPC_TLS_KEY: ${at('own.key')} is not a PEM file of a private key`],
    ["another certificate's key", async () => rename(authority.issue('other').key, at('own.key')), () => `GRPC_TLS_KEY: ${at('own.key')} does not belong to the certificate`],
  ]; // prettier-ignore
  for (const [what, break_, line] of problems) {
    it(`refuse ${what} in one line`, async () => {
      const paths = { ca: authority.ca, ...authority.issue('own') };
      await break_();
      const error: unknown = await open(paths).catch((reason: unknown) => reason);
      expect(isStartProblem(error), String(error)).to.equal(true);
      expect((error as Error).message).to.match(new RegExp(`^${line().replaceAll('.', '\\.')}`));
      expect((error as Error).message).not.to.contain('\n');
    });
  }

  it('are looked at again every few seconds', async () => {
    const files = await openIssued();
    const before = files.current;
    authority.issue('own');
    const change = nextChange(files);
    clock.advance(5_000);
    const after = await change;
    expect(after.cert)
      .to.equal(await readFile(at('own.crt'), 'utf8'))
      .and.not.equal(before.cert);
    expect(files.current).to.equal(after);
    expect(logged('the certificates have changed')).to.equal(1);
  });

  it('are seen when a mounted secret is swapped', async () => {
    const secret = async (version: string) => {
      await mkdir(at(version));
      const { cert, key } = authority.issue('own');
      await Promise.all([rename(cert, at(`${version}/tls.crt`)), rename(key, at(`${version}/tls.key`))]);
      await symlink(version, at('..new'));
      await rename(at('..new'), at('..data'));
    };
    await secret('v1');
    await symlink('..data/tls.crt', at('tls.crt'));
    await symlink('..data/tls.key', at('tls.key'));
    const files = await open({ ca: authority.ca, cert: at('tls.crt'), key: at('tls.key') });
    const before = files.current;
    await secret('v2');
    await files.look();
    expect(files.current.cert)
      .to.equal(await readFile(at('v2/tls.crt'), 'utf8'))
      .and.not.equal(before.cert);
  });

  it('stay as they were while new ones are written by half, which is logged once', async () => {
    const files = await openIssued();
    const before = files.current;
    let changes = 0;
    files.onChange(() => (changes += 1));
    // The new certificate is there, its key is not yet.
    const next = authority.issue('next');
    await rename(next.cert, at('own.crt'));
    await files.look();
    await files.look();
    expect(logged('does not belong to the certificate')).to.equal(1);
    // Nor is a chain taken whose second certificate ends in the middle.
    const whole = await readFile(at('own.crt'), 'utf8');
    await rename(next.key, at('own.key'));
    await writeFile(at('own.crt'), whole + whole);
    await truncate(at('own.crt'), whole.length * 1.5);
    await files.look();
    expect(logged('is not a PEM file of certificates')).to.equal(1);
    expect([files.current, changes]).to.deep.equal([before, 0]);
    await writeFile(at('own.crt'), whole);
    await files.look();
    expect([files.current.cert, changes]).to.deep.equal([whole, 1]);
  });

  it('are not looked at any more once closed', async () => {
    const files = await openIssued();
    files.close();
    expect(clock.waiting).to.equal(0);
    authority.issue('own');
    files.onChange(() => expect.fail('a change after the close'));
    await files.look();
  });
});
