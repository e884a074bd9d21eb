import { expect } from 'chai';
import { Redis } from 'ioredis';
import { systemClock } from '../define/clock.ts';
import { Consumer, untilCommitted } from '../testing/suites/event-consumer.ts';
import { describeRedisStreams, openLogProcesses } from '../testing/suites/redis-streams.suite.ts';
import { oneRedis } from '../testing/suites/redis-under-test.ts';
import { createTestRedis, type TestRedis } from '../testing/suites/test-servers.ts';
import { eventDeadLetters } from './event-dead-letters.ts';
import type { LogRecord } from './event-log.ts';
import type { RedisStreamsEventLog } from './redis-streams-event-log.ts';

describeRedisStreams(oneRedis);

describe('RedisStreamsEventLog', () => {
  const topic = 'orders';
  let server: TestRedis;
  let redis: ReturnType<typeof openLogProcesses>;
  let log: RedisStreamsEventLog;
  let admin: Redis;
  let consumer: Consumer;

  beforeEach(async () => {
    server = await createTestRedis();
    redis = openLogProcesses(server.url);
    log = await redis.open();
    admin = new Redis(server.url);
    consumer = new Consumer();
  });
  afterEach(async () => {
    admin.disconnect();
    await redis.close();
    await server.flush();
  });

  const event = (id: string, value = '{}') => ({ id, key: 'a', type: 'Counted', value, headers: {} });
  const append = (id: string, on = log) => on.append(topic, [event(id)]);
  const subscribe = (handle?: (record: LogRecord) => Promise<void>, on = log) =>
    on.subscribe({
      topic,
      group: 'readers',
      handle: async (record) => {
        await consumer.handle(record);
        await handle?.(record);
      },
    });
  const untilSeen = (id: string) => consumer.until((seen) => seen.some((record) => record.id === id));
  const eventually = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
  };
  const keyOf = async (pattern: string) => (await admin.keys(`{log-${topic}}:${pattern}`))[0] ?? '';

  it('keeps all keys of a topic in one slot, under its own prefix', async () => {
    await subscribe();
    await append('1');
    await untilSeen('1');
    await eventually(async () => (await keyOf('offsets:*')) !== '');
    const keys = await admin.keys('*');
    expect(keys.filter((key) => !key.startsWith('{log-orders}:'))).to.deep.equal([]);
  });

  it('begins while commands of others are on their way over the same connection', async () => {
    const shared = new Redis(server.url, { enableAutoPipelining: true });
    try {
      await shared.ping();
      const other = shared.get('x');
      const subscription = await subscribe(undefined, await redis.open({ redis: shared }));
      await append('1');
      await untilSeen('1');
      expect(await other).to.equal(null);
      await subscription.close();
    } finally {
      shared.disconnect();
    }
  });

  it('starts over after everything was deleted, and goes on', async () => {
    const subscription = await subscribe();
    await append('1');
    await untilSeen('1');
    await untilCommitted(subscription);
    await admin.flushdb();
    await append('2');
    await untilSeen('2');
    await untilCommitted(subscription);
    await append('3');
    await untilSeen('3');
    expect(consumer.seen.map(({ id }) => id).filter((id) => id === '1')).to.have.length(1);
  });

  it('reads again from the start when a Redis comes back whose clock is behind', async () => {
    const subscription = await subscribe();
    await append('1');
    await untilSeen('1');
    await untilCommitted(subscription);
    const stream = await keyOf('[0-9]');
    await admin.flushdb();
    await admin.xadd(stream, '5-1', 'id', 'old', 'key', 'a', 'type', 'Counted', 'value', '{}');
    await untilSeen('old');
  });

  it('goes on after its connections were cut', async () => {
    await subscribe();
    for (let round = 0; round < 3; round++) {
      await append(`before-${round}`);
      await untilSeen(`before-${round}`);
      for (const { interrupt } of redis.processes.values()) interrupt();
      await eventually(() =>
        append(`after-${round}`).then(
          () => true,
          () => false,
        ),
      );
      await untilSeen(`after-${round}`);
    }
  });

  it("moves no offset once the lease is another process's", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const subscription = await subscribe(() => held);
    await append('1');
    await untilSeen('1');
    await admin.set(await keyOf('lease:*'), 'somebody else', 'PX', 60_000);
    release();
    await subscription.close();
    expect(await keyOf('offsets:*')).to.equal('');
    expect(await admin.get(await keyOf('lease:*'))).to.equal('somebody else');
  });

  it('has one process consume while others stand by, and the next begin when its lease ends', async () => {
    const [other, mine] = [await redis.open(), await subscribe()];
    await append('1');
    await untilCommitted(mine);
    const token = await admin.get(await keyOf('lease:*'));
    const theirs = await subscribe(undefined, other);
    await append('2');
    await untilCommitted(mine);
    expect(await admin.get(await keyOf('lease:*'))).to.equal(token);
    redis.crash(log);
    await append('3', other);
    await untilSeen('3');
    await untilCommitted(theirs);
    expect(await admin.get(await keyOf('lease:*'))).to.not.equal(token);
    expect(consumer.seen.map(({ id }) => id)).to.deep.equal(['1', '2', '3']);
  });

  it('hands a strange entry to the consumer, who can reject it with its bytes', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    await append('1');
    const stream = await keyOf('[0-9]');
    await admin.xadd(stream, '*', 'value', bytes, 'headers', '[not json');
    const subscription = await subscribe(async (record) => {
      if (record.id !== '1') await log.reject(topic, record, 'not understood');
    });
    await consumer.until((seen) => seen.length === 2);
    await untilCommitted(subscription);
    expect(consumer.seen[1]).to.include({ id: consumer.seen[1]?.offset, key: '', type: '' });
    const [letters = ''] = await admin.keys('{log-orders.dlq}:*');
    const [entry] = await admin.xrangeBuffer(letters, '-', '+');
    expect(entry?.[1].some((field) => field.equals(bytes))).to.equal(true);

    const dead = eventDeadLetters(log, topic);
    await dead.replay((await dead.list()).items[0]!);
    await consumer.until((seen) => seen.length === 3);
    expect(consumer.seen[2]?.id).to.equal(consumer.seen[1]?.id);
    const again = await Promise.all(
      (await admin.keys('{log-orders}:[0-9]')).map((key) => admin.xrangeBuffer(key, '-', '+')),
    );
    const values = again.flat().filter(([, fields]) => fields.some((field) => field.equals(bytes)));
    expect(values).to.have.length(2);
  });

  it('drops what is older than the retention, dead letters aside', async () => {
    await append('1');
    await log.reject(topic, { ...event('2'), partition: 0, offset: '1-1' }, 'bad');
    const keys = [await keyOf('[0-9]'), (await admin.keys('{log-orders.dlq}:*'))[0] ?? ''];
    const later = { ...systemClock, now: () => Date.now() + 8 * 86_400_000 };
    const next = await redis.open({ clock: later });
    await append('3', next);
    await next.reject(topic, { ...event('4'), partition: 0, offset: '1-1' }, 'bad');
    const lengths = await Promise.all(keys.map((key) => admin.xlen(key)));
    expect(lengths).to.deep.equal([0, 2]);
  });

  it('refuses an append while Redis is not there, and keeps nothing back for later', async () => {
    const away = new Redis({ port: 1, retryStrategy: () => null });
    away.on('error', () => undefined);
    const gone = await redis.open({ redis: away });
    const refused: unknown = await append('1', gone).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'unavailable');
  });

  it('closes although a handler never ends', async () => {
    await subscribe(() => new Promise<never>(() => {}));
    await append('1');
    await untilSeen('1');
    await log.close();
  });
});
