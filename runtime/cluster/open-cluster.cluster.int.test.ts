import { describeCluster } from '../testing/cluster.suite.ts';
import { aRedisCluster } from '../testing/redis-under-test.ts';

describeCluster(aRedisCluster);
