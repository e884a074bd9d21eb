import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Client, type RedisConnection, silentLogger } from '@trolley/runtime';
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

describe('a handler that holds up its process for longer than a lease', function () {
  this.timeout(60_000);
  const crashed: string[] = [];
  let folder: string;
  let database: TestDatabase;
  let pool: PostgresPool;
  let redis: RedisConnection;
  let client: Client;
  let nodes: ClusterNodes;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-test-blocked-'));
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
    await createLedgerTables(pool);
    const { url } = await createTestRedis();
    redis = await connectRedis(url);
    const options = { ...clusterDefaults, seed: 0 };
    client = openClusterClient(clusterOptions(redis, options.shards, silentLogger));
    const servers = { redisUrl: url, postgresUrl: database.url, folder, searchPath };
    nodes = new ClusterNodes(servers, options, ({ label }, how) => crashed.push(`${label} ${how}`));
    await Promise.all([nodes.start(), nodes.start()]);
  });
  after(async () => {
    await nodes.stopAll(15_000);
    await client.close();
    redis.disconnect();
    await pool.end();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
    expect(crashed).to.deep.equal([]);
  });

  it('loses its shards to another node, is fenced off when it wakes, and doubles nothing', async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `key-${i}`);
    const ask = (key: string, n: number, block?: { node: string; ms: number }) =>
      client.refs
        .ref(Ledger, key)
        .append({ n, ...(block && { block }) }, { messageId: `${key}-${n}`, timeoutMs: 20_000 });

    const ownerOf = new Map<string, string>();
    // Until the shards have come to rest: a node that has got its first one has no neighbours to lose.
    for (let n = 1, isShared = false; !isShared; n++) {
      expect(n, 'rounds until both nodes had their share').to.be.below(200);
      const moved = await Promise.all(
        keys.map(async (key) => {
          const { node } = await ask(key, n);
          const isMoved = ownerOf.get(key) !== node;
          ownerOf.set(key, node);
          return isMoved;
        }),
      );
      const owners = [...ownerOf.values()];
      const shares = [...new Set(owners)].map((node) => owners.filter((owner) => owner === node).length);
      isShared = shares.length === 2 && Math.min(...shares) >= 10 && !moved.includes(true);
    }
    const counts = new Map((await readLedgers(pool)).map(({ key, seen }) => [key, seen.length]));
    const next = (key: string) => (counts.get(key) ?? 0) + 1;

    const [victim = ''] = keys;
    const blocked = ownerOf.get(victim) ?? '';
    const [neighbours, others] = [true, false].map((same) =>
      keys.slice(1).filter((key) => (ownerOf.get(key) === blocked) === same),
    ) as [string[], string[]];
    const blocking = ask(victim, next(victim), { node: blocked, ms: 6_000 });
    let isBlocked = true;
    const unblocked = blocking.then(({ node }) => {
      isBlocked = false;
      return node;
    });
    const moving = Promise.all(neighbours.map((key) => ask(key, next(key))));
    await Promise.all(others.map((key) => ask(key, next(key))));
    expect(isBlocked, 'whether the keys of the other node were answered meanwhile').to.equal(true);
    const moved = await moving;
    expect(await unblocked).not.to.equal(blocked);
    expect(moved.filter(({ node }) => node !== blocked)).not.to.deep.equal([]);

    await Promise.all(keys.map((key) => ask(key, next(key) + 1)));
    // The blocked one ends only once it is awake and has tried to write what it had in hand.
    expect(await nodes.stopAll(15_000)).to.deep.equal([]);
    const stored = await readLedgers(pool);
    const findings = stored.flatMap((ledger) => auditLedger(ledger.key, next(ledger.key) + 1, ledger));
    expect(findings).to.deep.equal([]);
    expect(stored).to.have.length(keys.length);
  });
});
