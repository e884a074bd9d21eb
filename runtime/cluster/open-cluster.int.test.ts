import { describeCluster } from '../testing/suites/cluster.suite.ts';
import { oneRedis } from '../testing/suites/redis-under-test.ts';

describeCluster(oneRedis);
