import { describeCluster } from '../testing/cluster.suite.ts';
import { oneRedis } from '../testing/redis-under-test.ts';

describeCluster(oneRedis);
