import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { type Client, type ClusterNode, type RedisConnection, silentLogger } from '@trolley/runtime';
import { openClusterClient, openClusterNode } from '@trolley/runtime/adapters';
import { MemoryStateStore } from '@trolley/runtime/testing';
import { keysLike } from '@trolley/runtime/testing/suites';
import type { EmbeddedServer } from '../../shop/servers/embedded-server.ts';
import { startPrivateRedisCluster, startPrivateWatchedRedis } from '../testing/test-servers.ts';
import { AskWatch } from './ask-watch.ts';
import { clusterOptions, connectRedis, namespace } from './cluster-connection.ts';
import { keyName, messagesOf } from './cluster-messages.ts';
import { KeyLoad } from './key-load.ts';
import { createLedgerActor } from './ledger.ts';

/** A Redis whose masters have replicas. */
interface ReplicatedRedis {
  readonly url: string;
  /** One after the other is killed. */
  readonly victims: readonly EmbeddedServer[];
  /** Whether a replica has taken the place of the one killed last. */
  isReplaced(victim: EmbeddedServer): Promise<boolean>;
  stop(): Promise<void>;
}

async function startCluster(): Promise<ReplicatedRedis> {
  const cluster = await startPrivateRedisCluster({ nodeTimeoutMs: 1_500, replicas: 1 });
  return {
    url: cluster.url,
    victims: cluster.nodes.slice(0, 3),
    isReplaced: async () => (await cluster.masters()).length === 3,
    stop: () => cluster.stop(),
  };
}

async function startWatched(): Promise<ReplicatedRedis> {
  const watched = await startPrivateWatchedRedis({ sentinels: 3, downAfterMs: 1_500 });
  return {
    url: watched.url,
    victims: watched.servers.slice(0, 1),
    isReplaced: async (victim) => (await watched.master()) !== victim,
    stop: () => watched.stop(),
  };
}

const load = { seed: 1, keys: 90, messages: 9_000, inFlight: 60, ratePerSecond: 800 };
const limits = { shards: 24, clients: 1, index: 0, askTimeoutMs: 2_000, giveUpMs: 60_000 };

for (const [name, start] of [
  ['a Redis Cluster whose masters are killed, each once', startCluster],
  ['a Redis that is killed and replaced by its Sentinels', startWatched],
] as const) {
  describe(`actors on ${name}`, function () {
    this.timeout(120_000);
    let redis: ReplicatedRedis;
    let connections: RedisConnection[];
    let nodes: ClusterNode[];
    let client: Client;
    const store = new MemoryStateStore();

    const connect = async () => {
      const connection = await connectRedis(redis.url);
      connections.push(connection);
      return clusterOptions(connection, limits.shards, silentLogger);
    };

    before(async () => {
      redis = await start();
      connections = [];
      nodes = [];
      for (const label of ['one', 'two']) {
        const actors = [{ actor: createLedgerActor(label), store }];
        nodes.push(await openClusterNode({ ...(await connect()), actors, random: Math.random }));
      }
      client = openClusterClient(await connect());
    });
    after(async () => {
      await Promise.all(nodes.map((node) => node.close()));
      await client.close();
      for (const connection of connections) connection.disconnect();
      await redis.stop();
    });

    it('answer everything that is asked again, once and in order, and leave nothing behind', async () => {
      const watch = new AskWatch(limits.shards, () => undefined);
      const asking = new KeyLoad({ ...load, ...limits, redisUrl: redis.url }, client.refs, watch);
      const answered = asking.run();
      for (const [round, victim] of redis.victims.entries()) {
        const due = ((round + 1) / (redis.victims.length + 2)) * load.messages;
        while (asking.tally.acknowledged < due) await delay(20);
        victim.kill();
        while (!(await redis.isReplaced(victim))) await delay(20);
      }
      await answered;
      expect(asking.problems).to.deep.equal([]);
      for (let index = 0; index < load.keys; index++) {
        const stored = await store.load(keyName(index));
        const seen = Array.from({ length: messagesOf(index, load.keys, load.messages) }, (_, i) => i + 1);
        expect(stored?.record.state, keyName(index)).to.deep.include({ seen, anomalies: [] });
      }
      const left = async () => {
        const keys = await keysLike(connections[0] as RedisConnection, `{${namespace}-*`);
        return keys.filter((key) => !/:(own|epoch|bell)$/.test(key));
      };
      while ((await left()).length > 0) await delay(100);
    });
  });
}
