import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { z } from 'zod';
import {
  openClusterClient,
  openClusterNode,
  type Client,
  type ClusterNode,
} from '../../cluster/open-cluster.ts';
import { defineActor } from '../../define/actor.ts';
import { systemClock } from '../../define/clock.ts';
import { defineContract } from '../../define/contract.ts';
import { silentLogger } from '../../observe/logger.ts';
import type { RedisConnection } from '../../redis/redis-connection.ts';
import { MemoryStateStore } from '../../storage/memory-state-store.ts';
import { keysLike, removeKeys, type RedisUnderTest } from './redis-under-test.ts';

const Counter = defineContract({
  type: 'counter',
  key: z.string().min(1),
  messages: { Add: { input: z.object({ by: z.int() }), output: z.object({ total: z.int() }) } },
});

const counter = defineActor(Counter, {
  state: z.object({ total: z.int() }),
  initial: () => ({ total: 0 }),
  receive: {
    Add(turn, { by }) {
      turn.set({ total: turn.state.total + by });
      return turn.state;
    },
  },
});

/** What operators see of a cluster, and ask its nodes, over Redis. */
export function describeInspection(on: RedisUnderTest): void {
  describe(`inspection on ${on.name}`, () => {
    const shards = 8;
    let namespace: string;
    let redis: RedisConnection;
    let client: Client;
    let node: ClusterNode | undefined;

    const options = () => ({
      ...{ redis, clock: systemClock, logger: silentLogger, newId: randomUUID },
      ...{ namespace, shards, leaseMs: 1_500 },
    });
    const startNode = async () => {
      node = await openClusterNode({
        ...options(),
        actors: [{ actor: counter, store: new MemoryStateStore() }],
        random: Math.random,
        heartbeatMs: 100,
        version: '1.2.3',
      });
      return node;
    };
    const until = async <T>(look: () => Promise<T | undefined>, what: string): Promise<T> => {
      const givenUpAt = performance.now() + 10_000;
      for (;;) {
        const found = await look();
        if (found !== undefined) return found;
        if (performance.now() > givenUpAt) expect.fail(`never seen: ${what}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const keysLeft = async () => [
      ...(await keysLike(redis, `{${namespace}*`)),
      ...(await keysLike(redis, `${namespace}:*`)),
    ];

    beforeEach(async () => {
      namespace = `test-${randomUUID()}`;
      redis = await on.open();
      client = openClusterClient(options());
      node = undefined;
    });
    afterEach(async () => {
      await node?.close();
      await client.close();
      await removeKeys(redis, await keysLeft());
      redis.disconnect();
    });

    it('shows a node with its version, its process and its rates', async () => {
      const { name } = await startNode();
      await client.refs.ref(Counter, 'a').add({ by: 1 });
      const report = await until(async () => {
        const [first] = await client.nodes.list();
        return first?.isReporting === true && first.busiestKeys.length > 0 ? first : undefined;
      }, 'a report with a busy key');
      expect(report).to.include({ name, version: '1.2.3', shards });
      expect(report.process).to.match(new RegExp(`/${process.pid}$`));
      expect(report.activations).to.deep.equal({ counter: 1 });
      expect(report.busiestKeys[0]).to.include({ type: 'counter', key: 'a' });
      expect(report.residentBytes).to.be.greaterThan(1_000_000);
    });

    it('asks the node that holds the shard', async () => {
      const { name } = await startNode();
      const sent = await client.actors.send('counter', 'a', 'Add', { by: 2 }, { messageId: 'one' });
      expect(sent).to.deep.equal({ messageId: 'one', answer: { total: 2 } });
      const report = await client.actors.inspect('counter', 'a');
      expect(report).to.include({ node: name, type: 'counter', key: 'a' });
      expect(report.state?.json).to.equal('{"total":2}');
      expect(await client.actors.passivate('counter', 'a')).to.equal(true);
      expect((await client.actors.inspect('counter', 'a')).activation).to.equal(undefined);
    });

    it('tells what nodes host, and forgets a node that left', async () => {
      await startNode();
      const [contract] = await until(async () => {
        const list = await client.contracts.list();
        return list.length > 0 ? list : undefined;
      }, 'a contract');
      expect(contract?.messages.map(({ name }) => name)).to.deep.equal(['Add']);
      await node?.close();
      expect(await client.nodes.list()).to.deep.equal([]);
      expect(await client.contracts.list()).to.deep.equal([]);
      const moves = await client.shards.moves();
      expect(moves.filter(({ why }) => why === 'released')).to.have.length(shards);
      expect((await client.shards.list()).map(({ lease }) => lease)).to.deep.equal(
        Array(shards).fill(undefined),
      );
      const left = await client.actors.inspect('counter', 'a').catch((error: unknown) => error);
      expect(left).to.have.property('code', 'unavailable');
    });

    it('is all there again a while after Redis was emptied', async () => {
      await startNode();
      const reports = async () => {
        const [first] = await client.nodes.list();
        const contracts = await client.contracts.list();
        return first?.isReporting === true && contracts.length === 1 ? first : undefined;
      };
      await until(reports, 'a report');
      await removeKeys(redis, await keysLeft());
      await until(reports, 'a report after all was lost');
      const sent = await until(
        () => client.actors.send('counter', 'a', 'Add', { by: 1 }, { messageId: 'x' }).catch(() => undefined),
        'an answer',
      );
      expect(sent.answer).to.deep.equal({ total: 1 });
    });
  });
}
