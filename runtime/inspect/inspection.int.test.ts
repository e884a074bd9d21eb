import { describeInspection } from '../testing/suites/inspection.suite.ts';
import { oneRedis } from '../testing/suites/redis-under-test.ts';

describeInspection(oneRedis);
