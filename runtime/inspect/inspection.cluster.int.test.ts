import { describeInspection } from '../testing/suites/inspection.suite.ts';
import { aRedisCluster } from '../testing/suites/redis-under-test.ts';

describeInspection(aRedisCluster);
