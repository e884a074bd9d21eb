import { describeRedisStreams } from '../testing/redis-streams.suite.ts';
import { aRedisCluster } from '../testing/redis-under-test.ts';

describeRedisStreams(aRedisCluster);
