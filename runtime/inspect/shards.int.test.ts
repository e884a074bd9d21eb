import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { RedisShardRegistry } from '../cluster/redis-shard-registry.ts';
import { systemClock } from '../define/clock.ts';
import { BullMqMailboxView } from '../mailbox/bullmq-mailbox-view.ts';
import { silentLogger } from '../observe/logger.ts';
import { keysLike, oneRedis, removeKeys } from '../testing/suites/redis-under-test.ts';
import { shards } from './shards.ts';

describe('a list of 64 shards', () => {
  const namespace = `test-${randomUUID()}`;
  let redis: Redis;

  before(async () => {
    redis = (await oneRedis.open()) as Redis;
  });
  after(async () => {
    await removeKeys(redis, await keysLike(redis, `{${namespace}-*`));
    redis.disconnect();
  });

  it('is one round trip to Redis', async () => {
    const options = { redis, clock: systemClock, logger: silentLogger, namespace };
    const holders = new RedisShardRegistry(options);
    const board = { steps: async () => [] };
    const listed = shards({ holders, view: new BullMqMailboxView(options), board, shards: 64 });
    const token = await holders.acquire(63, 'n', 60_000);
    // Its script is known from then on.
    await listed.list();
    const { stream } = redis;
    const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
    let roundTrips = 0;
    let isAnswered = true;
    const onAnswer = () => (isAnswered = true);
    const counted = (...given: unknown[]) => {
      if (isAnswered) roundTrips += 1;
      isAnswered = false;
      return write(...given);
    };
    Object.assign(stream, { write: counted });
    stream.on('data', onAnswer);
    const found = await listed.list();
    stream.off('data', onAnswer);
    Object.assign(stream, { write });
    expect(roundTrips).to.equal(1);
    expect(found.map(({ shard, lease, readyActors }) => [shard, lease?.token, readyActors])).to.deep.equal(
      Array.from({ length: 64 }, (_, shard) => [shard, shard === 63 ? token : undefined, 0]),
    );
  });
});
