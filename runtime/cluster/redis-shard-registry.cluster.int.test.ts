import { describeRedisShardRegistry } from '../testing/suites/redis-shard-registry.suite.ts';
import { aRedisCluster } from '../testing/suites/redis-under-test.ts';

describeRedisShardRegistry(aRedisCluster);
