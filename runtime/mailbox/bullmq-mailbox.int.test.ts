import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { systemClock } from '../define/clock.ts';
import { silentLogger } from '../observe/logger.ts';
import { describeMailbox } from '../testing/mailbox.suite.ts';
import { testRedisUrl } from '../testing/test-servers.ts';
import { addressOf } from './address.ts';
import { BullMqMailbox } from './bullmq-mailbox.ts';
import type { ShardLease } from './mailbox.ts';
import { leaseKey, shardPrefix } from './redis-keys.ts';

function openMailbox() {
  const redis = new Redis(testRedisUrl());
  const namespace = `test-${randomUUID()}`;
  const mailbox = new BullMqMailbox({
    redis,
    clock: systemClock,
    logger: silentLogger,
    namespace,
    mailboxLimit: 5,
  });
  let epoch = 0;
  return {
    redis,
    namespace,
    mailbox,
    async grant(shard: number): Promise<ShardLease> {
      const token = `node#${++epoch}`;
      await redis.set(leaseKey(namespace, shard), token);
      return { shard, token, isHeld: () => true };
    },
    async residents(): Promise<string[]> {
      const keys = await redis.keys(`{${namespace}-*`);
      return keys.filter((key) => !/:(own|bell)$/.test(key));
    },
    async close(): Promise<void> {
      const keys = await redis.keys(`{${namespace}-*`);
      if (keys.length > 0) await redis.del(keys);
      redis.disconnect();
    },
  };
}

describeMailbox('BullMQ', () => Promise.resolve(openMailbox()));

describe('a mailbox, seen through BullMQ', () => {
  const actor = addressOf('cart', '7', 8);
  let under: ReturnType<typeof openMailbox>;
  let queue: Queue;

  beforeEach(() => {
    under = openMailbox();
    queue = new Queue(actor.id, {
      prefix: shardPrefix(under.namespace, actor.shard),
      connection: { url: testRedisUrl() },
      skipMetasUpdate: true,
    });
  });
  afterEach(async () => {
    await queue.close();
    await under.close();
  });

  const send = (id: string) => under.mailbox.send(actor, id, { v: 1, id, name: 'Add', input: { id } });

  it('shows waiting, active and failed jobs with their name and data', async () => {
    const lease = await under.grant(actor.shard);
    await send('a');
    await send('b');
    await send('c');
    await under.mailbox.take(actor, lease, { max: 2, busy: false });
    await under.mailbox.finish(actor, lease, [{ jobId: 'a', failedReason: 'broken' }], {
      max: 0,
      busy: false,
    });

    expect(await queue.getJobCounts('wait', 'active', 'failed', 'completed', 'delayed')).to.deep.equal({
      wait: 1,
      active: 1,
      failed: 1,
      completed: 0,
      delayed: 0,
    });
    const [waiting] = await queue.getJobs(['waiting']);
    expect(waiting).to.include({ id: 'c', name: 'Add' });
    expect(waiting?.data).to.deep.equal({ v: 1, id: 'c', name: 'Add', input: { id: 'c' } });
    const [failed] = await queue.getJobs(['failed']);
    expect(failed).to.include({ id: 'a', failedReason: 'broken' });
  });

  it('takes up a dead letter that BullMQ retries', async () => {
    const lease = await under.grant(actor.shard);
    await send('a');
    await under.mailbox.take(actor, lease, { max: 1, busy: false });
    await under.mailbox.finish(actor, lease, [{ jobId: 'a', failedReason: 'broken' }], {
      max: 1,
      busy: false,
    });
    const [failed] = await queue.getJobs(['failed']);
    await failed?.retry();
    const [again] = await under.mailbox.take(actor, lease, { max: 1, busy: false });
    expect(again?.jobId).to.equal('a');
    await under.mailbox.finish(actor, lease, [{ jobId: 'a' }], { max: 1, busy: false });
    expect(await under.residents()).to.deep.equal([]);
  });
});
