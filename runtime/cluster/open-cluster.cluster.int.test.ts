import { describeCluster } from '../testing/suites/cluster.suite.ts';
import { aRedisCluster } from '../testing/suites/redis-under-test.ts';

describeCluster(aRedisCluster);
