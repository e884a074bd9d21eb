import { expect } from 'chai';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { keyFormat, memberKeys, wakeKey } from '../mailbox/redis-keys.ts';
import { silentLogger } from '../observe/logger.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestRedis, testRedisUrl } from '../testing/suites/test-servers.ts';
import { connect } from './connect.ts';

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

describe('connect', () => {
  const hosted = () => [{ actor: counter, store: new MemoryStateStore() }];

  it('needs no more than an address, and closes all that it opened', async () => {
    const { url } = await createTestRedis();
    const onlooker = new Redis(testRedisUrl());
    const database = ` db=${new URL(url).pathname.slice(1)} `;
    const connections = async () =>
      String(await onlooker.client('LIST'))
        .split('\n')
        .filter((line) => line.includes(database)).length;
    {
      await using cluster = await connect({ redis: url });
      await using node = await cluster.host(hosted());
      expect(node.isReady).to.equal(true);
      expect(await cluster.ref(Counter, 'a').ask('Add', { by: 2 })).to.deep.equal({ total: 2 });
      expect((await cluster.nodes.list()).map(({ name }) => name)).to.deep.equal([node.name]);
      expect(await connections()).to.be.at.least(2);
    }
    // The server learns of a closed connection a moment later.
    while ((await connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
    onlooker.disconnect();
  });

  it('goes through Redis to an actor of its own process while the node is young, and no more where it need not', async () => {
    const wakeUps = async (nearAsksAfterMs?: number) => {
      const { url } = await createTestRedis();
      const onlooker = new Redis(url);
      try {
        await using cluster = await connect({ redis: url });
        await using _node = await cluster.host(
          hosted(),
          nearAsksAfterMs === undefined ? {} : { nearAsksAfterMs },
        );
        expect(await cluster.ref(Counter, 'a').ask('Add', { by: 2 })).to.deep.equal({ total: 2 });
        return (await onlooker.keys(wakeKey('actors', 0).replace('0', '*'))).length;
      } finally {
        onlooker.disconnect();
      }
    };
    expect(await wakeUps(), 'by default').to.equal(1);
    expect(await wakeUps(0), 'without that time').to.equal(0);
  });

  it('refuses keys of a newer format, also as a node, and writes the format again that Redis has lost', async () => {
    const { url } = await createTestRedis();
    const onlooker = new Redis(url);
    const { format, nodes } = memberKeys('actors');
    await using cluster = await connect({ redis: url, logger: silentLogger });
    await onlooker.set(format, keyFormat + 1);
    const opens = [() => connect({ redis: url, logger: silentLogger }), () => cluster.host(hosted())];
    for (const open of opens) {
      const error: unknown = await open().catch((reason: unknown) => reason);
      expect(codeOf(error)).to.equal('unavailable');
      expect(String(error)).to.include(`have format ${keyFormat + 1}, of a newer release`);
    }
    expect(await onlooker.exists(nodes)).to.equal(0);
    await onlooker.flushdb();
    await cluster.host(hosted());
    expect(await onlooker.get(format)).to.equal(String(keyFormat));
    onlooker.disconnect();
  });

  it('has interceptors of the client and of its nodes', async () => {
    const { url } = await createTestRedis();
    const order: string[] = [];
    await using cluster = await connect({
      redis: url,
      interceptors: [{ ask: (ask, next) => (order.push(`${ask.message} is asked`), next(ask)) }],
    });
    await cluster.host(hosted(), {
      interceptors: [{ handle: (one, next) => (order.push(`${one.message} is handled`), next(one)) }],
    });
    expect(await cluster.ref(Counter, 'a').ask('Add', { by: 2 })).to.deep.equal({ total: 2 });
    expect(order).to.deep.equal(['Add is asked', 'Add is handled']);
  });

  it('leaves a connection open that is not its own', async () => {
    const { url } = await createTestRedis();
    const redis = new Redis(url);
    const cluster = await connect({ redis, logger: silentLogger });
    await cluster.host(hosted());
    await cluster.close();
    await cluster.close();
    expect(await redis.ping()).to.equal('PONG');
    expect(await redis.hgetall('{actors:members}')).to.deep.equal({});
    redis.disconnect();
  });

  it('says in one sentence that Redis cannot be reached', async () => {
    const refused = await connect({ redis: 'redis://:secret@127.0.0.1:1', logger: silentLogger }).then(
      () => expect.fail('it connected'),
      (error: unknown) => error,
    );
    expect(codeOf(refused)).to.equal('unavailable');
    expect(String(refused)).to.include('127.0.0.1:1').and.not.to.include('secret');
  });
});
