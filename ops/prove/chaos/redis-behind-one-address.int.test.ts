import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import {
  type Client,
  type ClusterNode,
  defineActor,
  defineContract,
  type RedisConnection,
  silentLogger,
  systemClock,
} from '@trolley/runtime';
import { checkRedis, openClusterClient, openClusterNode } from '@trolley/runtime/adapters';
import { RedisStreamsEventLog } from '@trolley/runtime/events';
import { CuttableLine, MemoryStateStore } from '@trolley/runtime/testing';
import { z } from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { startPrivateRedis, type PrivateServer } from '../testing/test-servers.ts';
import { clusterOptions, connectRedis } from './cluster-connection.ts';

const CounterContract = defineContract({
  type: 'counter',
  key: z.string(),
  messages: { Count: { input: z.object({}), output: z.object({ count: z.int() }) } },
});

const counterActor = defineActor(CounterContract, {
  state: z.object({ count: z.int() }),
  initial: () => ({ count: 0 }),
  receive: {
    Count(turn) {
      turn.set({ count: turn.state.count + 1 });
      return turn.state;
    },
  },
});

const shards = 8;
const event = { key: '1', type: 'Happened', value: '{}', headers: {} };

describe('a Redis and its replica behind one address', function () {
  this.timeout(60_000);
  let servers: PrivateServer[];
  let admins: Redis[];
  let line: CuttableLine;
  let connections: RedisConnection[];
  let node: ClusterNode;
  let client: Client;
  let log: RedisStreamsEventLog;
  let consumed: string[];

  const [master, replica] = [0, 1];
  const portOf = (index: number) => Number(new URL(servers[index]?.url ?? '').port);
  const follow = (follower: number, leader: number) =>
    admins[follower]?.replicaof('127.0.0.1', portOf(leader));

  before(async () => {
    servers = await Promise.all([startPrivateRedis(), startPrivateRedis()]);
    admins = servers.map(({ url }) => new Redis(url));
    for (const admin of admins) {
      const { password } = admin.options;
      if (password) await admin.config('SET', 'masterauth', password);
    }
    await follow(replica, master);
    line = await CuttableLine.to(portOf(master));
    const url = new URL(servers[master]?.url ?? '');
    url.port = String(line.port);
    connections = [await connectRedis(url.href), await connectRedis(url.href)];
    const [ofNode, ofClient] = connections.map((each) => clusterOptions(each, shards, silentLogger));
    const actors = [{ actor: counterActor, store: new MemoryStateStore() }];
    node = await openClusterNode({ ...ofNode!, actors, random: Math.random });
    client = openClusterClient(ofClient!);
    const [redis] = connections;
    log = new RedisStreamsEventLog({
      redis: redis!,
      clock: systemClock,
      logger: silentLogger,
      instanceId: 'one',
    });
    consumed = [];
    const handle = ({ id }: { readonly id: string }) => Promise.resolve(void consumed.push(id));
    await log.subscribe({ topic: 'happenings', group: 'g', handle });
    await works();
  });
  after(async () => {
    await node.close();
    await client.close();
    await log.close();
    for (const connection of [...connections, ...admins]) connection.disconnect();
    line.cut();
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** Everything that goes through Redis: questions and answers, events, and what readiness says. */
  async function works(): Promise<void> {
    const ask = (key: string) => client.refs.ref(CounterContract, key).count({}, { timeoutMs: 3_000 });
    const succeeds = async (attempt: Promise<unknown>) =>
      attempt.then(
        () => true,
        () => false,
      );
    for (let key = 0; key < shards; key++)
      await eventually(() => succeeds(ask(String(key))), `an answer of ${key}`, 30_000);
    const id = randomUUID();
    await eventually(
      () => succeeds(log.append('happenings', [{ ...event, id }])),
      'an event appended',
      30_000,
    );
    await eventually(() => consumed.includes(id), 'the event consumed', 30_000);
    for (const connection of connections) await checkRedis(connection);
  }

  it('is used again once the replica has taken its place, though no connection was lost', async () => {
    await admins[replica]?.replicaof('NO', 'ONE');
    await follow(master, replica);
    const refused = async () => String(await checkRedis(connections[0]!).catch((error: unknown) => error));
    await eventually(async () => (await refused()).includes('READONLY'), 'readiness that sees a replica');
    line.leadTo(portOf(replica));
    await works();
  });

  it('is used again over new connections when those that there are carry nothing more', async () => {
    line.abandon();
    await works();
  });

  it('is not ready while it takes no writes', async () => {
    const admin = admins[replica];
    for (const [setting, limit, normal] of [
      ['min-replicas-to-write', '2', '0'],
      ['maxmemory', '1', '0'],
    ] as const) {
      await admin?.config('SET', setting, limit);
      expect(String(await checkRedis(connections[0]!).catch(String))).to.match(/NOREPLICAS|OOM/);
      await admin?.config('SET', setting, normal);
    }
    await works();
  });
});
