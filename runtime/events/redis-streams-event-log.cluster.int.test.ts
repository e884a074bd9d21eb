import { describeRedisStreams } from '../testing/suites/redis-streams.suite.ts';
import { aRedisCluster } from '../testing/suites/redis-under-test.ts';

describeRedisStreams(aRedisCluster);
