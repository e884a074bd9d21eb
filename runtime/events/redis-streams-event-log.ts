import type { Clock } from '../define/clock.ts';
import { ActorError } from '../define/errors.ts';
import { withTimeLimit } from '../flow/time-limit.ts';
import type { Logger } from '../observe/logger.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { ForeignKeys, isWrongType } from '../redis/foreign-keys.ts';
import type {
  EventLog,
  LogEvent,
  LogPage,
  LogQuery,
  LogRecord,
  PartitionLag,
  SubscribeOptions,
  Subscription,
} from './event-log.ts';
import { eventOfLetter } from './event-of-letter.ts';
import { partitionOf } from './partition-of.ts';
import { readNewest } from './read-newest.ts';
import { lagOf } from './redis-streams-lag.ts';
import { GroupLease } from './redis-streams-lease.ts';
import { RedisStreamsSubscription } from './redis-streams-subscription.ts';
import { fieldsOf, recordOf, RedisStreamsTopic } from './redis-streams-topic.ts';

export interface RedisStreamsEventLogOptions {
  /** Without a `keyPrefix`. Each subscription that consumes opens one more beside it. */
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A text that no other process of the system has, and a new one with each start. */
  readonly instanceId: string;
  /** Numbers in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  /** Separates logs on one Redis. Default: `log`. */
  readonly prefix?: string;
  /** Fixed for the life of a topic, since it decides where a key lies. Default: 6. */
  readonly partitions?: number;
  /** Records older than this are dropped, dead letters aside. Default: 7 days. */
  readonly retentionMs?: number;
  /** How long a silent process keeps a group from others. Default: 3,000. */
  readonly leaseMs?: number;
  /** How long `close` waits for handlers. Default: 10,000. */
  readonly closeMs?: number;
}

const day = 86_400_000;
const trimEveryMs = 60_000;
const readyLimitMs = 3_000;
const answerLimitMs = 10_000;
const deadLetters = '.dlq';

/**
 * The event log on Redis Streams, for a single machine: a stream per partition, and one process at a time that
 * consumes for a group while the others stand by. It lasts as long as its Redis does; what must outlive that
 * is published again from the outbox.
 */
export class RedisStreamsEventLog implements EventLog {
  readonly #options: Required<RedisStreamsEventLogOptions>;
  readonly #subscriptions = new Set<RedisStreamsSubscription>();
  readonly #foreign: ForeignKeys;
  readonly #trimmed = new Map<string, number>();
  #opened = 0;

  constructor(options: RedisStreamsEventLogOptions) {
    this.#options = {
      random: Math.random,
      prefix: 'log',
      partitions: 6,
      retentionMs: 7 * day,
      leaseMs: 3_000,
      closeMs: 10_000,
      ...options,
    };
    this.#foreign = new ForeignKeys(options);
  }

  /** @throws ActorError `unavailable`: some, all or none may have been appended */
  async append(topic: string, events: readonly LogEvent[]): Promise<void> {
    await this.#append(
      topic,
      events.map((event) => ({ key: event.key, fields: fieldsOf(event) })),
    );
  }

  subscribe(subscribe: SubscribeOptions): Promise<Subscription> {
    const { redis, clock, random, logger, leaseMs, closeMs, instanceId } = this.#options;
    const topic = this.#topic(subscribe.topic);
    const token = `${instanceId}#${++this.#opened}`;
    const lease = new GroupLease({
      redis,
      topic,
      group: subscribe.group,
      token,
      leaseMs,
      clock,
    });
    const subscription = new RedisStreamsSubscription({
      ...{ redis, subscribe, topic, lease, leaseMs, closeMs, clock, random, logger },
      lag: () => this.lag(subscribe.topic, subscribe.group),
    });
    this.#subscriptions.add(subscription);
    return Promise.resolve(subscription);
  }

  async reject(topic: string, record: LogRecord, reason: string): Promise<void> {
    const { partition: _partition, offset: _offset, ...event } = record;
    this.#options.logger.error(
      { topic, reason, eventId: record.id, offset: record.offset },
      'an event was rejected',
    );
    const value = await this.#storedValue(topic, record);
    const rejected = { ...event, headers: { ...event.headers, reason } };
    await this.#append(`${topic}${deadLetters}`, [{ key: event.key, fields: fieldsOf(rejected, value) }]);
  }

  async replay(topic: string, letter: LogRecord): Promise<void> {
    const value = await this.#storedValue(`${topic}${deadLetters}`, letter);
    await this.#append(topic, [{ key: letter.key, fields: fieldsOf(eventOfLetter(letter), value) }]);
  }

  async read(topic: string, query: LogQuery = {}): Promise<LogPage> {
    const { redis } = this.#options;
    const { streams } = this.#topic(topic);
    const { key, until } = query;
    return readNewest(query, {
      partitions: key === undefined ? [...streams.keys()] : [partitionOf(key, streams.length)],
      before: async (partition, offset, limit) => {
        // An entry's id begins with the time at which it was added.
        const before = offset ?? (until === undefined ? undefined : `${Math.max(0, Math.ceil(until))}-0`);
        const end = before === undefined ? '+' : `(${before}`;
        const entries = await this.#answer(
          redis.xrevrange(streams[partition] ?? '', end, '-', 'COUNT', limit),
        );
        return entries.map((entry) => {
          return { ...recordOf(partition, entry), appendedAt: Number(entry[0].split('-')[0]) };
        });
      },
    });
  }

  lag(topic: string, group: string): Promise<PartitionLag[]> {
    return this.#answer(lagOf(this.#options.redis, this.#topic(topic), group));
  }

  /**
   * What the group has not committed of a topic, at most `limit` records. Undefined: it has committed nothing, as when
   * the log was lost.
   */
  async backlog(topic: string, group: string, limit: number): Promise<LogRecord[] | undefined> {
    const { redis } = this.#options;
    const keys = this.#topic(topic);
    const offsets = await this.#answer(redis.hgetall(keys.offsets(group)));
    if (Object.keys(offsets).length === 0) return undefined;
    const records: LogRecord[] = [];
    for (const [partition, stream] of keys.streams.entries()) {
      const after = `(${offsets[partition] ?? '0-0'}`;
      const entries = await this.#answer(redis.xrange(stream, after, '+', 'COUNT', limit - records.length));
      records.push(...entries.map((entry) => recordOf(partition, entry)));
      if (records.length >= limit) return records;
    }
    return records;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #append(
    topic: string,
    entries: readonly { key: string; fields: (string | Buffer)[] }[],
  ): Promise<void> {
    if (entries.length === 0) return;
    try {
      await this.#ready();
      const { streams } = this.#topic(topic);
      const pipeline = this.#options.redis.pipeline();
      for (const { key, fields } of entries) {
        pipeline.xadd(streams[partitionOf(key, streams.length)] ?? '', '*', ...fields);
      }
      for (const stream of this.#trimDue(topic) ? streams : []) {
        pipeline.xtrim(
          stream,
          'MINID',
          '=',
          Math.max(0, this.#options.clock.now() - this.#options.retentionMs),
        );
      }
      const replies = await this.#answer(pipeline.exec());
      const failed = replies?.find(([error]) => error !== null)?.[0];
      if (failed !== undefined && failed !== null) throw failed;
    } catch (cause) {
      // Who appends tries again.
      if (isWrongType(cause)) await this.#foreign.remove(this.#topic(topic).keyTypes());
      throw new ActorError('unavailable', `topic ${topic}: the events could not be appended`, { cause });
    }
  }

  /**
   * Waits for the connection, briefly. What is sent without one is queued by ioredis, and everything tried in
   * the meantime would be appended together when Redis is back.
   */
  async #ready(): Promise<void> {
    const { redis } = this.#options;
    if (redis.status === 'ready') return;
    if (redis.status === 'end') throw new Error('the connection is closed');
    let done = () => {};
    const ready = new Promise<void>((resolve) => (done = resolve));
    redis.once('ready', done).once('end', done);
    try {
      await withTimeLimit(this.#options.clock, readyLimitMs, 'connecting to Redis', ready);
    } finally {
      redis.off('ready', done).off('end', done);
    }
  }

  /** The bytes as they lie in the log: a value that is not even text must reach the dead letters whole. */
  async #storedValue(topic: string, { partition, offset }: LogRecord): Promise<Buffer | undefined> {
    const stream = this.#topic(topic).streams[partition] ?? '';
    const [entry] = await this.#answer(this.#options.redis.xrangeBuffer(stream, offset, offset));
    const fields = entry?.[1] ?? [];
    const at = fields.findIndex((field, index) => index % 2 === 0 && field.toString() === 'value');
    return at < 0 ? undefined : fields[at + 1];
  }

  #answer<T>(command: Promise<T>): Promise<T> {
    return withTimeLimit(this.#options.clock, answerLimitMs, 'Redis', command);
  }

  #topic(topic: string): RedisStreamsTopic {
    return new RedisStreamsTopic(this.#options.prefix, topic, this.#options.partitions);
  }

  #trimDue(topic: string): boolean {
    if (topic.endsWith(deadLetters)) return false;
    const now = this.#options.clock.monotonic();
    if (now - (this.#trimmed.get(topic) ?? -Infinity) < trimEveryMs) return false;
    this.#trimmed.set(topic, now);
    return true;
  }
}
