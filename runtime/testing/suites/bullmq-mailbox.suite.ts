import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { expect } from 'chai';
import { systemClock } from '../../define/clock.ts';
import { addressOf } from '../../mailbox/address.ts';
import { BullMqMailboxAdmin } from '../../mailbox/bullmq-mailbox-admin.ts';
import { BullMqMailboxView } from '../../mailbox/bullmq-mailbox-view.ts';
import { BullMqMailbox } from '../../mailbox/bullmq-mailbox.ts';
import type { ShardLease } from '../../mailbox/mailbox.ts';
import { leaseKey, shardPrefix } from '../../mailbox/redis-keys.ts';
import { silentLogger } from '../../observe/logger.ts';
import type { RedisConnection } from '../../redis/redis-connection.ts';
import { describeDeadLetters } from './dead-letters.suite.ts';
import { describeMailbox, type MailboxUnderTest } from './mailbox.suite.ts';
import { describeMailboxView } from './mailbox-view.suite.ts';
import { describeWaiting } from './mailbox-waiting.suite.ts';
import { keysLike, removeKeys, type RedisUnderTest } from './redis-under-test.ts';

interface BullMqMailboxUnderTest extends MailboxUnderTest {
  readonly redis: RedisConnection;
  readonly namespace: string;
}

async function openMailbox(on: RedisUnderTest): Promise<BullMqMailboxUnderTest> {
  const redis = await on.open();
  const namespace = `test-${randomUUID()}`;
  let elapsedMs = 0;
  const options = {
    redis,
    clock: { ...systemClock, now: () => systemClock.now() + elapsedMs },
    logger: silentLogger,
    namespace,
    mailboxLimit: 5,
  };
  const mailbox = new BullMqMailbox(options);
  let epoch = 0;
  return {
    redis,
    namespace,
    mailbox,
    admin: new BullMqMailboxAdmin(options),
    view: new BullMqMailboxView(options),
    async grant(shard: number): Promise<ShardLease> {
      const token = `node#${++epoch}`;
      await redis.set(leaseKey(namespace, shard), token, 'PX', 600_000);
      return { shard, token, isHeld: () => true };
    },
    async revoke(shard: number): Promise<void> {
      await redis.del(leaseKey(namespace, shard));
    },
    async residents(): Promise<string[]> {
      const keys = await keysLike(redis, `{${namespace}-*`);
      return keys.filter((key) => !/:(own|bell)$/.test(key));
    },
    elapse(ms: number): void {
      elapsedMs += ms;
    },
    async close(): Promise<void> {
      await removeKeys(redis, await keysLike(redis, `{${namespace}-*`));
      redis.disconnect();
    },
  };
}

/** What the mailboxes on BullMQ's layout keep, as mailboxes and as queues. */
export function describeBullMqMailbox(on: RedisUnderTest): void {
  describeMailbox(`BullMQ on ${on.name}`, () => openMailbox(on));
  describeWaiting(`BullMQ on ${on.name}`, () => openMailbox(on));
  describeDeadLetters(`BullMQ on ${on.name}`, () => openMailbox(on));
  describeMailboxView(`BullMQ on ${on.name}`, () => openMailbox(on));
  describeQueue(on);
}

function describeQueue(on: RedisUnderTest): void {
  describe(`a mailbox on ${on.name}, seen through BullMQ`, () => {
    const actor = addressOf('cart', '7', 8);
    let under: BullMqMailboxUnderTest;
    let connection: RedisConnection;
    let queue: Queue;

    beforeEach(async () => {
      under = await openMailbox(on);
      connection = on.openForBullMq();
      queue = new Queue(actor.id, {
        prefix: shardPrefix(under.namespace, actor.shard),
        connection,
        skipMetasUpdate: true,
      });
    });
    afterEach(async () => {
      await queue.close();
      connection.disconnect();
      await under.close();
    });

    const send = (id: string) => under.mailbox.send(actor, id, { v: 1, id, name: 'Add', input: { id } });

    it('shows waiting, active and failed jobs with their name and data', async () => {
      const lease = await under.grant(actor.shard);
      await send('a');
      await send('b');
      await send('c');
      await under.mailbox.claim(actor, lease, { max: 2, wakeAt: Infinity });
      await under.mailbox.ack(actor, lease, [{ jobId: 'a', failedReason: 'broken' }], {
        max: 0,
        wakeAt: Infinity,
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

    /** The same with BullMQ's own classes, in a queue beside. */
    async function twin(act: (queue: Queue, worker: Worker) => Promise<void>): Promise<Stored> {
      const options = {
        prefix: shardPrefix(under.namespace, actor.shard),
        connection,
        skipMetasUpdate: true,
      };
      const queue = new Queue('twin', options);
      const worker = new Worker('twin', null, { ...options, autorun: false });
      try {
        await act(queue, worker);
        return await stored('twin');
      } finally {
        await worker.close();
        await queue.close();
      }
    }

    type Stored = Record<string, unknown>;

    /** Lists and jobs of a queue, times and the locks of Workers aside. */
    async function stored(name: string): Promise<Stored> {
      const { redis, namespace } = under;
      const queueKey = `${shardPrefix(namespace, actor.shard)}:${name}:`;
      const found: Stored = {};
      for (const part of ['wait', 'active']) found[part] = await redis.lrange(queueKey + part, 0, -1);
      found['failed'] = await redis.zrange(`${queueKey}failed`, 0, '-1');
      for (const id of ['a', 'b', 'c']) {
        const job = await redis.hgetall(queueKey + id);
        for (const time of ['timestamp', 'processedOn', 'finishedOn']) {
          if (time in job) job[time] = /^\d{13}$/.test(job[time] ?? '') ? 'a time' : 'no time';
        }
        found[id] = job;
      }
      return found;
    }

    const add = async (queue: Queue, id: string, delay?: number): Promise<void> => {
      await queue.add(
        'Add',
        { v: 1, id, name: 'Add', input: { id } },
        { jobId: id, ...(delay && { delay }) },
      );
    };

    // BullMQ writes the options that `add` was given; a mailbox has none.
    const withoutOptions = (found: Stored): Stored =>
      JSON.parse(JSON.stringify(found).replaceAll(/"opts":"(?:[^"\\]|\\.)*"/g, '"opts":"any"')) as Stored;

    it('stores waiting and active messages as BullMQ does', async () => {
      const expected = await twin(async (queue, worker) => {
        for (const id of ['a', 'b', 'c']) await add(queue, id);
        for (let i = 0; i < 2; i++) await worker.getNextJob('token');
      });
      await under.grant(actor.shard);
      for (const id of ['a', 'b', 'c']) await send(id);
      const lease = await under.grant(actor.shard);
      await under.mailbox.claim(actor, lease, { max: 2, wakeAt: Infinity });
      const found = await stored(actor.id);
      // A second start: the first was on behalf of the owner before.
      expect(found['a']).to.include({ ats: '2' });
      found['a'] = { ...(found['a'] as object), ats: '1' };
      expect(withoutOptions(found)).to.deep.equal(withoutOptions(expected));
    });

    it('stores a message that travels in its wake-up as BullMQ stores an active one', async () => {
      const expected = await twin(async (queue, worker) => {
        await add(queue, 'a');
        await worker.getNextJob('token');
        await add(queue, 'b');
      });
      await under.grant(actor.shard);
      await send('a');
      await send('b');
      expect(withoutOptions(await stored(actor.id))).to.deep.equal(withoutOptions(expected));
    });

    it('leaves what BullMQ leaves when a message fails and when one is done', async () => {
      const expected = await twin(async (queue, worker) => {
        for (const id of ['a', 'b', 'c']) await add(queue, id);
        const failing = await worker.getNextJob('token');
        await failing.moveToFailed(new Error('broken'), 'token', false);
        const done = await worker.getNextJob('token');
        await done.moveToCompleted(undefined, 'token', false);
        await done.remove();
      });
      const lease = await under.grant(actor.shard);
      for (const id of ['a', 'b', 'c']) await send(id);
      await under.mailbox.ack(actor, lease, [{ jobId: 'a', failedReason: 'broken', attempts: 1 }], {
        max: 1,
        wakeAt: Infinity,
      });
      await under.mailbox.ack(actor, lease, [{ jobId: 'b' }], { max: 0, wakeAt: Infinity });
      const withoutTraces = (found: Stored): Stored => {
        const { stacktrace: _, ...failed } = found['a'] as Record<string, string>;
        return withoutOptions({ ...found, a: failed });
      };
      expect(withoutTraces(await stored(actor.id))).to.deep.equal(withoutTraces(expected));
    });

    it('takes nothing from a queue that somebody paused, and goes on when it is resumed', async () => {
      const lease = await under.grant(actor.shard);
      await queue.pause();
      await send('a');
      expect(await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity })).to.deep.equal([]);
      under.elapse(10_000);
      expect(await under.mailbox.ready(actor.shard)).to.deep.equal([actor]);
      await queue.resume();
      const [taken] = await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      expect(taken?.jobId).to.equal('a');
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], { max: 1, wakeAt: Infinity });
      expect(await under.residents()).to.deep.equal([]);
    });

    it('keeps a queue paused that somebody paused while it was in use', async () => {
      const lease = await under.grant(actor.shard);
      await send('a');
      await queue.pause();
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], { max: 1, wakeAt: Infinity });
      await send('b');
      expect(await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity })).to.deep.equal([]);
    });

    it('lists a queue that somebody paused by how long its messages wait', async () => {
      const neighbour = { ...addressOf('cart', '8', 8), shard: actor.shard };
      const lease = await under.grant(actor.shard);
      await queue.pause();
      await send('a');
      under.elapse(1_000);
      await under.mailbox.send(neighbour, 'b', { v: 1, id: 'b', name: 'Add', input: {} });
      await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      const search = { idPrefix: '', state: undefined, order: 'oldest', maxLookedAt: 10 } as const;
      const oldest = async () =>
        (await under.view.find(actor.shard, search, undefined, 1)).found.map(({ address }) => address.id);
      expect(await oldest()).to.deep.equal([actor.id]);
      // When it is looked at again.
      under.elapse(10_000);
      expect(await oldest()).to.deep.equal([actor.id]);
    });

    it('shows a delayed message as a delayed job, as BullMQ does, and what promotes it by hand', async () => {
      const at = systemClock.now() + 60_000;
      const expected = await twin((queue) => add(queue, 'a', 60_000));
      await under.mailbox.send(actor, 'a', { v: 1, id: 'a', name: 'Add', input: { id: 'a' } }, at);
      const [delayed] = await queue.getJobs(['delayed']);
      expect(delayed).to.include({ id: 'a', name: 'Add' });
      const delayOf = (found: Stored) => Number((found['a'] as { delay: string }).delay) / 1_000;
      expect(delayOf(await stored(actor.id))).to.be.closeTo(delayOf(expected), 5);
      const scores = await under.redis.zrange(
        `${shardPrefix(under.namespace, actor.shard)}:cart~7:delayed`,
        0,
        '-1',
        'WITHSCORES',
      );
      expect(Math.floor(Number(scores[1]) / 4096)).to.equal(at);
      await delayed?.promote();
      const lease = await under.grant(actor.shard);
      const [taken] = await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      expect(taken?.jobId).to.equal('a');
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], { max: 1, wakeAt: Infinity });
      const left = (await under.residents()).filter((key) => !key.includes(':twin:'));
      expect(left).to.deep.equal([]);
    });

    it('shows a parked actor as a paused queue, which resumes it', async () => {
      const lease = await under.grant(actor.shard);
      await send('a');
      await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      await under.mailbox.park(actor, lease, { jobId: 'a', message: 'Add', reason: 'broken', attempts: 3 });
      expect(await queue.isPaused()).to.equal(true);
      await queue.resume();
      const [taken] = await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      expect(taken?.jobId).to.equal('a');
      expect(await under.admin.parked(actor.shard, undefined, 10)).to.deep.equal([]);
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], { max: 1, wakeAt: Infinity });
      expect(await under.residents()).to.deep.equal([]);
    });

    it('shows one that is parked at no message in the same way', async () => {
      const lease = await under.grant(actor.shard);
      await under.mailbox.park(actor, lease, { reason: 'no state', attempts: 0 });
      expect(await queue.isPaused()).to.equal(true);
      await queue.resume();
      expect(await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity })).to.deep.equal([]);
      expect(await under.admin.parked(actor.shard, undefined, 10)).to.deep.equal([]);
      expect(await under.residents()).to.deep.equal([]);
    });

    it('does not forget a retried dead letter when its owner dies', async () => {
      const lease = await under.grant(actor.shard);
      await send('a');
      await under.mailbox.ack(actor, lease, [{ jobId: 'a', failedReason: 'broken' }], {
        max: 0,
        wakeAt: Infinity,
      });
      const [failed] = await queue.getJobs(['failed']);
      await failed?.retry();
      await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      expect(await under.mailbox.ready(actor.shard)).to.deep.equal([actor]);
    });

    it('lists no dead letter that somebody has retried or removed, and none that had to go for later ones', async () => {
      const lease = await under.grant(actor.shard);
      const listed = () => under.admin.deadLetters(actor.shard, undefined, 200);
      for (let i = 0; i < 102; i++) {
        await send(`a${i}`);
        const done = [{ jobId: `a${i}`, failedReason: 'broken' }];
        await under.mailbox.ack(actor, lease, done, { max: 0, wakeAt: Infinity });
        under.elapse(1_000);
      }
      expect((await listed()).map(({ jobId }) => jobId)[0]).to.equal('a2');
      expect(await listed()).to.have.length(100);
      const [retried, removed] = await queue.getJobs(['failed'], 0, 1);
      await retried?.retry();
      await removed?.remove();
      await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      expect(await listed()).to.have.length(99);
      for (const job of [retried, removed])
        expect(await under.admin.deadLetter(actor, job?.id ?? '')).to.equal(undefined);
      expect(await listed()).to.have.length(98);
    });

    it('takes up a dead letter that BullMQ retries', async () => {
      const lease = await under.grant(actor.shard);
      await send('a');
      await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      await under.mailbox.ack(actor, lease, [{ jobId: 'a', failedReason: 'broken' }], {
        max: 1,
        wakeAt: Infinity,
      });
      const [failed] = await queue.getJobs(['failed']);
      await failed?.retry();
      const [again] = await under.mailbox.claim(actor, lease, { max: 1, wakeAt: Infinity });
      expect(again?.jobId).to.equal('a');
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], { max: 1, wakeAt: Infinity });
      expect(await under.residents()).to.deep.equal([]);
    });
  });
}
