import { randomUUID } from 'node:crypto';
import { silentLogger, systemClock } from '@trolley/runtime';
import { openRedis } from '@trolley/runtime/adapters';
import { RedisStreamsEventLog } from '@trolley/runtime/events';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { describeEventVerbs } from './testing/describe-event-verbs.ts';

describeEventVerbs('Redis Streams', async () => {
  const shared = { clock: systemClock, logger: silentLogger };
  const redis = await openRedis((await createTestRedis()).url, shared);
  const log = new RedisStreamsEventLog({ redis, ...shared, instanceId: randomUUID() });
  const close = log.close.bind(log);
  log.close = async () => {
    await close();
    redis.disconnect();
  };
  return log;
});
