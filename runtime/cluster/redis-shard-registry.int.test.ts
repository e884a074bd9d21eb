import { describeRedisShardRegistry } from '../testing/suites/redis-shard-registry.suite.ts';
import { oneRedis } from '../testing/suites/redis-under-test.ts';

describeRedisShardRegistry(oneRedis);
