import { describeRedisShardRegistry } from '../testing/redis-shard-registry.suite.ts';
import { oneRedis } from '../testing/redis-under-test.ts';

describeRedisShardRegistry(oneRedis);
