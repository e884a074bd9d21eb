import { chownSync, copyFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Client } from 'pg';
import { createPostgresPool } from '@trolley/runtime/postgres';
import { startPostgres } from '../servers/embedded-postgres.ts';
import type { EmbeddedServer } from '../servers/embedded-server.ts';
import { createTestAuthority, type TestAuthority } from '../../prove/testing/certificates.ts';
import { runMigrations } from '../migrations/run-migrations.ts';

describe('PostgreSQL over TLS', () => {
  let folder: string;
  let server: EmbeddedServer;
  let authority: TestAuthority;
  let other: TestAuthority;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-postgres-tls-'));
    server = await startPostgres({ dataDir: folder, durable: false });
    authority = createTestAuthority(join(folder, 'authority'));
    other = createTestAuthority(join(folder, 'other'));
    await ask(server.url, "ALTER SYSTEM SET ssl = 'on'");
    // From now on nobody is let in without encryption.
    writeFileSync(inData('pg_hba.conf'), 'hostssl all all all scram-sha-256\n');
    await show(authority, { over: server.url });
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const inData = (file: string) => join(folder, 'postgres', 'data', file);

  /** Has the server show a certificate of this authority. */
  async function show(
    shown: TestAuthority,
    { host, over = unverified() }: { readonly host?: string; readonly over?: string } = {},
  ): Promise<void> {
    const { cert, key } = shown.issue('server', host);
    const { uid, gid } = statSync(inData('PG_VERSION'));
    for (const [from, to] of [
      [cert, 'server.crt'],
      [key, 'server.key'],
    ] as const) {
      copyFileSync(from, inData(to));
      chownSync(inData(to), uid, gid);
    }
    const [before] = await ask(over, 'SELECT pg_conf_load_time()::text AS loaded, pg_reload_conf()');
    const loaded = () =>
      ask(unverified(), 'SELECT pg_conf_load_time()::text AS loaded').catch(() => [before]);
    while ((await loaded())[0]?.['loaded'] === before?.['loaded']);
  }

  async function ask(url: string, statement: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  const urlWith = (parameters: Readonly<Record<string, string>>) =>
    `${server.url}?${new URLSearchParams(parameters).toString()}`;
  const unverified = () => urlWith({ sslmode: 'no-verify' });
  const trusting = ({ ca }: TestAuthority) => urlWith({ sslmode: 'verify-full', sslrootcert: ca });

  /** The protocol of a new connection, or why there is none. */
  async function protocolOf(url: string): Promise<string> {
    const pool = createPostgresPool(url, { max: 1 });
    try {
      const { rows } = await pool.query<{ version: string | null }>(
        'SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      );
      return rows[0]?.version ?? 'plaintext';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    } finally {
      await pool.end();
    }
  }

  it('is what the URL asks for', async () => {
    expect(await protocolOf(trusting(authority))).to.equal('TLSv1.3');
    expect(await runMigrations(trusting(authority))).to.include('0001-checkouts-outbox-orders.sql');
    expect(await protocolOf(server.url), 'without encryption').to.equal('28000');
  });

  it('takes no server of another authority, nor one whose certificate is for another host', async () => {
    expect(await protocolOf(trusting(other))).to.equal('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await protocolOf(urlWith({ sslmode: 'verify-full' }))).to.equal('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    await show(authority, { host: 'db.example' });
    expect(await protocolOf(trusting(authority))).to.equal('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await protocolOf(unverified())).to.equal('TLSv1.3');
    await show(authority);
  });

  it('reads the file of the authorities again for every new connection', async () => {
    const pool = createPostgresPool(trusting(authority), { max: 1 });
    await pool.query('SELECT 1');
    await show(other);
    renameSync(other.ca, authority.ca);
    // A connection that said no is not used again.
    await pool.query('SELECT 1 / 0').catch(() => undefined);
    await pool.query('SELECT 1');
    await pool.end();
  });
});
