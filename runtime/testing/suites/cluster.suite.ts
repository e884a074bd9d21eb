import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { z } from 'zod';
import { defineActor, type EffectContext } from '../../define/actor.ts';
import { systemClock } from '../../define/clock.ts';
import { defineContract } from '../../define/contract.ts';
import type { ActorRefs } from '../../define/ref.ts';
import {
  openClusterClient,
  openClusterNode,
  type Client,
  type ClusterNode,
} from '../../cluster/open-cluster.ts';
import { createLogger, silentLogger } from '../../observe/logger.ts';
import type { RedisConnection } from '../../redis/redis-connection.ts';
import { MemoryStateStore } from '../../storage/memory-state-store.ts';
import { keysLike, removeKeys, type RedisUnderTest } from './redis-under-test.ts';

const Log = defineContract({
  type: 'log',
  key: z.string().min(1),
  messages: {
    Append: { input: z.object({ n: z.int() }), output: z.object({ seen: z.array(z.int()) }) },
    Wait: { input: z.object({}), output: z.object({ seen: z.array(z.int()) }) },
  },
});

/** What several nodes and a client keep together. */
export function describeCluster(on: RedisUnderTest): void {
  describe(`a cluster of nodes on ${on.name}`, () => {
    const shards = 16;
    let namespace: string;
    let redis: RedisConnection;
    let store: MemoryStateStore;
    let client: Client;
    let nodes: { node: ClusterNode; redis: RedisConnection; closed: boolean }[];
    /** Who performs an effect, for tests that stop one in the middle. */
    let performing: (node: string, refs: ActorRefs) => Promise<void>;

    const options = (connection: RedisConnection) => ({
      redis: connection,
      clock: systemClock,
      logger: silentLogger,
      newId: randomUUID,
      namespace,
      shards,
      mailboxLimit: 10_000,
    });

    const actorOn = (label: string) =>
      defineActor(Log, {
        state: z.object({ seen: z.array(z.int()) }),
        initial: () => ({ seen: [] as number[] }),
        effects: { Pause: (_: undefined, { refs }: EffectContext) => performing(label, refs) },
        receive: {
          Append(turn, { n }) {
            turn.set({ seen: [...turn.state.seen, n] });
            return turn.state;
          },
          Wait(turn) {
            turn.perform('Pause', undefined);
            return turn.defer();
          },
        },
        onResult: {
          Pause: (turn) => turn.answerWaiting({ Wait: () => turn.state }),
        },
      });

    async function startNode(label = 'node'): Promise<(typeof nodes)[number]> {
      const connection = await on.open();
      const node = await openClusterNode({
        ...options(connection),
        actors: [{ actor: actorOn(label), store }],
        random: Math.random,
        leaseMs: 1_500,
        heartbeatMs: 100,
        limits: { sweepMs: 100 },
      });
      const started = { node, redis: connection, closed: false };
      nodes.push(started);
      return started;
    }

    /** From one instant to the next the node reaches nothing any more, as if its process or its network had gone. */
    function cutOff(started: (typeof nodes)[number]): void {
      started.redis.disconnect();
    }

    const until = async (condition: () => boolean | Promise<boolean>) => {
      const givenUpAt = performance.now() + 10_000;
      while (!(await condition())) {
        if (performance.now() > givenUpAt) expect.fail(`it never became true: ${String(condition)}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };

    const append = (key: string, n: number) =>
      client.refs.ref(Log, key).ask('Append', { n }, { messageId: `${key}-${n}`, timeoutMs: 15_000 });

    beforeEach(async () => {
      namespace = `test-${randomUUID()}`;
      redis = await on.open();
      store = new MemoryStateStore();
      client = openClusterClient(options(redis));
      nodes = [];
      performing = () => Promise.resolve();
    });

    afterEach(async () => {
      await Promise.all(nodes.filter(({ closed }) => !closed).map(({ node }) => node.close()));
      await client.close();
      for (const { redis: connection } of nodes) connection.disconnect();
      await removeKeys(redis, await keysLeft());
      redis.disconnect();
    });

    async function keysLeft(): Promise<string[]> {
      return [...(await keysLike(redis, `{${namespace}-*`)), ...(await keysLike(redis, `${namespace}:*`))];
    }

    const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`);
    const numbers = Array.from({ length: 10 }, (_, i) => i);

    async function expectAllOnceInOrder(): Promise<void> {
      for (const key of keys) {
        const stored = await store.load(key);
        expect(stored?.record.state, key).to.deep.equal({ seen: numbers });
      }
    }

    it('gives effects a client of their own on a node that was given none', async () => {
      performing = async (_, refs) => {
        await refs.ref(Log, 'other').append({ n: 1 });
      };
      await startNode();
      await client.refs.ref(Log, 'one').wait({}, { timeoutMs: 15_000 });
      expect((await store.load('other'))?.record.state).to.deep.equal({ seen: [1] });
    });

    it('shares the shards among its nodes and keeps the order of each key', async () => {
      const [one, two] = [await startNode(), await startNode()];
      await until(
        () => one.node.shards > 0 && two.node.shards > 0 && one.node.shards + two.node.shards === shards,
      );
      await Promise.all(keys.map((key) => Promise.all(numbers.map((n) => append(key, n)))));
      await expectAllOnceInOrder();
    });

    it('fails no ask while a node leaves and another joins', async () => {
      const one = await startNode();
      const asked = keys.map(async (key) => {
        for (const n of numbers) await append(key, n);
      });
      const two = await startNode();
      await until(() => two.node.shards > 0);
      one.closed = true;
      await one.node.close();
      await Promise.all(asked);
      await until(() => two.node.shards === shards);
      await expectAllOnceInOrder();
    });

    it('takes over what a lost node had, once and in order', async () => {
      const one = await startNode();
      await startNode();
      await until(() => one.node.shards < shards);
      const asked = Promise.all(keys.map((key) => Promise.all(numbers.map((n) => append(key, n)))));
      await until(() => store.writes > keys.length / 4);
      cutOff(one);
      await asked;
      await expectAllOnceInOrder();
    });

    it('performs the effects that a lost node had under way', async () => {
      const one = await startNode('one');
      let began: () => void = () => undefined;
      const begun = new Promise<void>((resolve) => (began = resolve));
      performing = (label) => {
        began();
        return label === 'one' ? new Promise(() => undefined) : Promise.resolve();
      };
      const waiting = client.refs.ref(Log, 'a').ask('Wait', {}, { timeoutMs: 15_000 });
      await begun;
      cutOff(one);
      await startNode('two');
      expect(await waiting).to.deep.equal({ seen: [] });
    });

    it('keeps every state when Redis is emptied, and goes on', async () => {
      await startNode();
      await Promise.all(keys.map((key) => append(key, 0)));
      await removeKeys(redis, await keysLeft());
      await Promise.all(keys.map((key) => Promise.all(numbers.slice(1).map((n) => append(key, n)))));
      await expectAllOnceInOrder();
    });

    for (const first of ['client', 'node'] as const) {
      it(`lets a client and a node share a connection, of which the ${first} was opened first`, async () => {
        const lines: string[] = [];
        const logger = createLogger('warn', { write: (line) => void lines.push(line) });
        const shared = { ...options(await on.open()), logger };
        let broken = true;
        const parking = defineActor(Log, {
          ...actorOn('node').definition,
          onPoison: 'park',
          receive: {
            ...actorOn('node').definition.receive,
            Append(turn, { n }) {
              if (broken) throw new Error('broken');
              turn.set({ seen: [...turn.state.seen, n] });
              return turn.state;
            },
          },
        });
        const early = first === 'client' ? openClusterClient(shared) : undefined;
        const node = await openClusterNode({
          ...shared,
          actors: [{ actor: parking, store }],
          random: Math.random,
        });
        const both = early ?? openClusterClient(shared);
        const { refs, parked } = both;
        expect(await both.hostedTypes()).to.include('log');
        await refs.ref(Log, 'a').tell('Append', { n: 1 });
        await until(async () => (await parked.list()).items.length > 0);
        broken = false;
        lines.length = 0;
        expect(await parked.release(Log, 'a', 'retry')).to.equal(true);
        expect(await refs.ref(Log, 'a').ask('Append', { n: 2 })).to.deep.equal({ seen: [1, 2] });
        await both.close();
        await node.close();
        const held = await keysLike(redis, `{${namespace}-*:own`);
        shared.redis.disconnect();
        expect({ held, lines }).to.deep.equal({ held: [], lines: [] });
      });
    }

    it('leaves no key of an actor in Redis when all is done', async () => {
      await startNode();
      await Promise.all(keys.map((key) => append(key, 0)));
      // An answer may come before the end of its message.
      await until(async () =>
        (await keysLeft()).every((key) => /:(own|epoch|bell|members)$|:inbox:/.test(key)),
      );
    });
  });
}
