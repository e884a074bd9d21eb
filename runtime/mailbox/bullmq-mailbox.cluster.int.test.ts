import { describeBullMqMailbox } from '../testing/suites/bullmq-mailbox.suite.ts';
import { aRedisCluster } from '../testing/suites/redis-under-test.ts';

describeBullMqMailbox(aRedisCluster);
