import { randomUUID } from 'node:crypto';
import { systemClock } from '../../define/clock.ts';
import {
  RedisStreamsEventLog,
  type RedisStreamsEventLogOptions,
} from '../../events/redis-streams-event-log.ts';
import { silentLogger } from '../../observe/logger.ts';
import { describeEventLog } from './event-log.suite.ts';
import { openCuttableRedis, type CuttableRedis, type RedisUnderTest } from './redis-under-test.ts';

/** The event log on one kind of Redis. */
export function describeRedisStreams(on: RedisUnderTest): void {
  describeEventLog<RedisStreamsEventLog>(`Redis Streams on ${on.name}`, () => {
    const { open, crash, close } = openLogProcesses(on.url());
    return Promise.resolve({
      open,
      crash: (log) => Promise.resolve(crash(log)),
      topic: () => Promise.resolve(`topic-${randomUUID()}`),
      close,
    });
  });
}

/** Processes that share a Redis, each with connections of its own. */
export function openLogProcesses(url: string) {
  const processes = new Map<RedisStreamsEventLog, CuttableRedis>();
  const open = async (options: Partial<RedisStreamsEventLogOptions> = {}): Promise<RedisStreamsEventLog> => {
    const cuttable = await openCuttableRedis(url);
    const log = new RedisStreamsEventLog({
      redis: cuttable.redis,
      clock: systemClock,
      logger: silentLogger,
      instanceId: randomUUID(),
      leaseMs: 1_500,
      closeMs: 1_000,
      ...options,
    });
    processes.set(log, cuttable);
    return log;
  };
  const crash = (log: RedisStreamsEventLog) => processes.get(log)?.cut();
  const close = async () => {
    await Promise.all([...processes.keys()].map((log) => log.close()));
    for (const { redis, cut } of processes.values()) {
      redis.disconnect();
      cut();
    }
  };
  return { processes, open, crash, close };
}
