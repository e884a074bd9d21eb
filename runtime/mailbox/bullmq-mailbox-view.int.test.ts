import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { systemClock } from '../define/clock.ts';
import { mailboxes, type Mailboxes, type MailboxQuery } from '../inspect/mailboxes.ts';
import { silentLogger } from '../observe/logger.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { keysLike, oneRedis, removeKeys } from '../testing/suites/redis-under-test.ts';
import { addressOf } from './address.ts';
import { BullMqMailboxView } from './bullmq-mailbox-view.ts';
import { BullMqMailbox } from './bullmq-mailbox.ts';

const live = 5_000;
const shards = 64;
const pageSize = 50;

describe(`a list of ${live} live mailboxes`, () => {
  const namespace = `test-${randomUUID()}`;
  let redis: RedisConnection;
  let seen: Mailboxes;

  before(async () => {
    redis = await oneRedis.open();
    const options = { redis, clock: systemClock, logger: silentLogger, namespace };
    const mailbox = new BullMqMailbox({ ...options, mailboxLimit: 1_000 });
    const send = (key: string, jobId: string, notBefore?: number) => {
      const envelope = { v: 1, id: jobId, name: 'Add', input: {} };
      return mailbox.send(addressOf('cart', key, shards), jobId, envelope, notBefore);
    };
    await Promise.all(Array.from({ length: live }, (_, i) => send(`user-${i}`, 'a')));
    await Promise.all(Array.from({ length: 10 }, (_, i) => send('user-7', `b${i}`)));
    await send('later', 'a', Date.now() + 3_600_000);
    const view = new BullMqMailboxView(options);
    const holder = async () => undefined;
    seen = mailboxes({ view, holders: { holder }, shards });
    // Scripts are known by then.
    await seen.list({ limit: 1 });
  });
  after(async () => {
    await removeKeys(redis, await keysLike(redis, `{${namespace}-*`));
    redis.disconnect();
  });

  /** What a call sends to Redis and hears from it, in bytes. */
  async function bytesOf(query: MailboxQuery): Promise<{ sent: number; heard: number }> {
    if (!(redis instanceof Redis)) throw new Error('one Redis, not a cluster');
    const { stream } = redis;
    const [sent, heard] = [stream.bytesWritten, stream.bytesRead];
    const { items } = await seen.list(query);
    expect(items).to.have.length(pageSize);
    return { sent: stream.bytesWritten - sent, heard: stream.bytesRead - heard };
  }

  for (const order of ['deepest', 'oldest'] as const) {
    it(`costs a script for each shard and each row, and bytes for little more than a page: ${order}`, async () => {
      const { sent, heard } = await bytesOf({ order, limit: pageSize });
      // Two hundred bytes for each script.
      expect(sent).to.be.below((shards + pageSize) * 300);
      // Of each shard little more than its part of the page, and what is told of each mailbox.
      expect(heard).to.be.below(shards * 6 * 60 + pageSize * 300);
    });
  }

  it('finds the deepest among them, and one by its key', async () => {
    const { items, isPartial } = await seen.list({ limit: 1 });
    expect(isPartial).to.equal(false);
    expect(items[0]).to.include({ key: 'user-7', waiting: 11 });
    const found = await seen.list({ type: 'cart', key: 'user-4999' });
    expect(found.items.map(({ key }) => key)).to.deep.equal(['user-4999']);
  });

  it('finds what is for later without what waits now', async () => {
    const { items } = await seen.list({ state: 'delayed' });
    expect(items.map(({ key }) => key)).to.deep.equal(['later']);
  });
});
