import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Client, codeOf, type RedisConnection, silentLogger } from '@trolley/runtime';
import { openClusterClient } from '@trolley/runtime/adapters';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { createTestDatabase, createTestRedis, type TestDatabase } from '@trolley/runtime/testing/suites';
import { searchPath } from '../testing/test-servers.ts';
import { clusterOptions, connectRedis } from './cluster-connection.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import { clusterDefaults } from './cluster-options.ts';
import { Ledger } from './ledger.ts';
import { auditLedger } from './ledger-audit.ts';
import { createLedgerTables, readLedgers } from './ledger-table.ts';

describe('a message whose handler fills the memory of its node', function () {
  this.timeout(120_000);
  const options = { ...clusterDefaults, leaseMs: 1_500, seed: 0 };
  const crashes: string[] = [];
  const replacements: Promise<unknown>[] = [];
  let folder: string;
  let database: TestDatabase;
  let pool: PostgresPool;
  let redis: RedisConnection;
  let client: Client;
  let nodes: ClusterNodes;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-test-deadly-'));
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
    await createLedgerTables(pool);
    const { url } = await createTestRedis();
    redis = await connectRedis(url);
    client = openClusterClient(clusterOptions(redis, options.shards, silentLogger));
    const servers = { redisUrl: url, postgresUrl: database.url, folder, searchPath, heapMb: 96 };
    // As whoever supervises processes does.
    nodes = new ClusterNodes(servers, options, (_, how) => {
      crashes.push(how);
      replacements.push(nodes.start());
    });
    await Promise.all([nodes.start(), nodes.start()]);
  });
  after(async () => {
    await Promise.all(replacements);
    await nodes.stopAll(15_000);
    await client.close();
    redis.disconnect();
    await pool.end();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('becomes a dead letter after five nodes at most, and the others lose nothing', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`);
    const [victim = ''] = keys;
    /** Asks again under the same id as long as the outcome is unknown, as whoever has to know does. */
    const ask = async (key: string, n: number, exhaust = false): Promise<unknown> => {
      const messageId = `${key}-${n}${exhaust ? '-deadly' : ''}`;
      for (;;) {
        try {
          const ledger = client.refs.ref(Ledger, key);
          return await ledger.append({ n, exhaust }, { messageId, timeoutMs: 5_000 });
        } catch (error) {
          if (codeOf(error) !== 'deadline_exceeded') throw error;
        }
      }
    };
    await Promise.all(keys.map((key) => ask(key, 1)));
    const deadly = ask(victim, 2, true).then(() => 'answered', codeOf);
    // Behind it in its mailbox, and beside it on its nodes.
    const others = keys.map((key) => ask(key, 2));
    expect(await deadly).to.equal('internal');
    expect(crashes.length).to.be.within(3, 5);
    await Promise.all(others);
    await Promise.all(keys.map((key) => ask(key, 3)));

    const stored = await readLedgers(pool);
    expect(stored.flatMap((ledger) => auditLedger(ledger.key, 3, ledger))).to.deep.equal([]);
    expect(stored).to.have.length(keys.length);
  });
});
