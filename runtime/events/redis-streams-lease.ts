import { ActorError } from '../define/errors.ts';
import type { Clock } from '../define/clock.ts';
import { Batcher } from '../flow/batcher.ts';
import { withTimeLimit } from '../flow/time-limit.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { redisScript } from '../redis/redis-script.ts';
import type { LogRecord } from './event-log.ts';
import type { RedisStreamsTopic } from './redis-streams-topic.ts';

const renewScript = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])`;
const releaseScript = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])`;
const commitScript = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('hset', KEYS[2], unpack(ARGV, 2))
return 1`;

const answerLimitMs = 5_000;
/** More than the workers of all partitions, of this session and of those before it, ever have under way. */
const maxCommits = 10_000;

export interface GroupLeaseOptions {
  readonly redis: RedisConnection;
  readonly topic: RedisStreamsTopic;
  readonly group: string;
  /** Names this holder and nobody else. */
  readonly token: string;
  readonly leaseMs: number;
  readonly clock: Clock;
}

const scriptsOn = (redis: RedisConnection) => ({
  renew: redisScript<number>(redis, 1, renewScript),
  release: redisScript<number>(redis, 1, releaseScript),
  commit: redisScript<number>(redis, 2, commitScript),
});

/**
 * The right of one process to consume for a group, and what it does under it. Offsets are committed by a script
 * that checks the right, so that a process that lost it, however long it was frozen, can't move them.
 */
export class GroupLease {
  readonly #options: GroupLeaseOptions;
  readonly #scripts: ReturnType<typeof scriptsOn>;
  readonly #commits: Batcher<LogRecord, void>;
  #heldUntil = -Infinity;

  constructor(options: GroupLeaseOptions) {
    this.#options = options;
    this.#scripts = scriptsOn(options.redis);
    this.#commits = new Batcher({
      name: `offsets of group ${options.group}`,
      keyOf: ({ partition }) => String(partition),
      flush: (records) => this.#commitAll(records),
      maxBatch: options.topic.streams.length,
      maxWaiting: maxCommits,
      maxInFlight: 1,
    });
  }

  /** By this process's own clock, with a margin: false some time before another can have it. */
  get isHeld(): boolean {
    return this.#options.clock.monotonic() < this.#heldUntil;
  }

  /** Also true when it is ours already, from before a broken connection. */
  async acquire(): Promise<boolean> {
    const { redis, token, leaseMs } = this.#options;
    if (await this.renew()) return true;
    return this.#held(() => redis.set(this.#key, token, 'PX', leaseMs, 'NX'), 'OK');
  }

  async renew(): Promise<boolean> {
    const { token, leaseMs } = this.#options;
    return this.#held(() => this.#scripts.renew(this.#key, token, leaseMs), 1);
  }

  async release(): Promise<void> {
    this.#heldUntil = -Infinity;
    await this.#answer(this.#scripts.release(this.#key, this.#options.token));
  }

  /** The last offset committed in each partition that has one. */
  async offsets(): Promise<Readonly<Record<string, string>>> {
    const { redis, topic, group } = this.#options;
    return this.#answer(redis.hgetall(topic.offsets(group)));
  }

  /**
   * What several partitions commit in the same moment goes together.
   *
   * @throws ActorError `aborted` when the lease is another's by now
   */
  commit(record: LogRecord): Promise<void> {
    return this.#commits.add(record);
  }

  async #commitAll(records: readonly LogRecord[]): Promise<PromiseSettledResult<void>[]> {
    const { topic, group, token } = this.#options;
    const offsets = records.flatMap(({ partition, offset }) => [partition, offset]);
    const done = await this.#answer(this.#scripts.commit(this.#key, topic.offsets(group), token, ...offsets));
    if (done !== 1) throw new ActorError('aborted', `group ${group}: another process consumes by now`);
    return records.map(() => ({ status: 'fulfilled', value: undefined }));
  }

  get #key(): string {
    return this.#options.topic.lease(this.#options.group);
  }

  async #held(ask: () => Promise<unknown>, yes: unknown): Promise<boolean> {
    const { clock, leaseMs } = this.#options;
    // From before the question: the time on the way counts against us.
    const asked = clock.monotonic();
    const held = (await this.#answer(ask())) === yes;
    this.#heldUntil = held ? asked + leaseMs * 0.8 : -Infinity;
    return held;
  }

  #answer<T>(command: Promise<T>): Promise<T> {
    return withTimeLimit(this.#options.clock, answerLimitMs, 'Redis', command);
  }
}
