import { describeRedisShardRegistry } from '../testing/redis-shard-registry.suite.ts';
import { aRedisCluster } from '../testing/redis-under-test.ts';

describeRedisShardRegistry(aRedisCluster);
