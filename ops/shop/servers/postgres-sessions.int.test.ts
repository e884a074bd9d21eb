import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import pg from 'pg';
import { silentLogger } from '@trolley/runtime';
import { createPostgresPool, OutboxConnection } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { openSnapshot } from '../../operate/stores/snapshot.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { createLifecycle } from '../process/lifecycle.ts';
import { refuseSharedSessions } from './postgres-sessions.ts';
import { createProgress } from '../process/progress.ts';
import { startSingletonLock } from '../process/singleton-lock.ts';

/** `Z`, four bytes of length, and the state: idle. */
const readyForQuery = Buffer.from('Z\0\0\0\x05I', 'latin1');
const authenticationOk = Buffer.from('R\0\0\0\x08\0\0\0\0', 'latin1');

/** What stands between a client and the database: it lets everybody in, and lends all the same session. */
class Pooler {
  /** With what each connection began. */
  readonly startups: Record<string, string>[] = [];
  readonly #server: Server;
  readonly #session: pg.Client;
  readonly #clients = new Set<Socket>();
  #borrower: Socket | undefined;

  private constructor(server: Server, session: pg.Client) {
    this.#server = server;
    this.#session = session;
  }

  static async before(database: TestDatabase): Promise<Pooler> {
    const session = new pg.Client({ connectionString: database.url });
    session.on('error', () => undefined);
    await session.connect();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const pooler = new Pooler(server, session);
    server.on('connection', (client) => pooler.#serve(client));
    session.connection.stream
      .removeAllListeners('data')
      .on('data', (answer: Buffer) => pooler.#borrower?.write(answer));
    return pooler;
  }

  urlOf(database: TestDatabase): string {
    const url = new URL(database.url);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  close(): void {
    this.#server.close();
    for (const client of this.#clients) client.destroy();
    this.#session.connection.stream.destroy();
  }

  #serve(client: Socket): void {
    this.#clients.add(client);
    client.on('error', () => undefined);
    client.once('data', (startup) => {
      this.startups.push(parametersOf(startup));
      client.write(Buffer.concat([authenticationOk, readyForQuery]));
      client.on('data', (message) => {
        // Taking leave ends no session of a pooler.
        if (message[0] === 'X'.charCodeAt(0)) client.end();
        else this.#lend(client, message);
      });
    });
  }

  #lend(client: Socket, message: Buffer): void {
    this.#borrower = client;
    this.#session.connection.stream.write(message);
  }
}

/** Length, version, then names and values, each with a zero behind. */
function parametersOf(startup: Buffer): Record<string, string> {
  const texts = startup.subarray(8).toString().split('\0');
  const pairs = texts.flatMap((name, i) => (i % 2 === 0 && name !== '' ? [[name, texts[i + 1] ?? '']] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}

describe('sessions at PostgreSQL', () => {
  let database: TestDatabase;
  let pooler: Pooler;

  before(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    pooler = await Pooler.before(database);
  });
  afterEach(() => pooler.close());
  after(() => database.drop());

  it('are found to be sessions of one client each', () => refuseSharedSessions(database.url));

  it('are refused where a pooler lends one session to several clients', async () => {
    const refused = await refuseSharedSessions(pooler.urlOf(database)).catch((error: unknown) => error);
    expect(refused).to.have.property('name', 'StartProblem');
    expect(String(refused)).to.include('Set its pool_mode to session');
  });

  it('begin with nothing that a pooler would refuse, whoever begins them', async () => {
    const url = pooler.urlOf(database);
    const pool = createPostgresPool(url);
    await pool.query('SELECT 1');
    await pool.end();
    const outbox = { url, table: 'outbox_events', source: '/', lockId: 1, wake: () => undefined };
    (await OutboxConnection.open(outbox)).destroy();
    await runMigrations(url);
    const lifecycle = createLifecycle({ progress: createProgress({ write: () => true }), log: silentLogger });
    await startSingletonLock(lifecycle, { postgresUrl: url, lockId: 2, refusal: '', logger: silentLogger });
    await lifecycle.stop();
    await openSnapshot('/nowhere', url).catch(() => undefined);
    const names = new Set(pooler.startups.flatMap((startup) => Object.keys(startup)));
    expect([...names]).to.have.members(['user', 'database', 'client_encoding', 'application_name']);
    const clients = new Set(pooler.startups.map((startup) => startup['application_name']));
    expect([...clients]).to.include.members([
      'trolley',
      'trolley-outbox-relay',
      'trolley-migrations',
      'trolley-singleton-lock',
    ]);
  });
});
