import { describeBullMqMailbox } from '../testing/bullmq-mailbox.suite.ts';
import { aRedisCluster } from '../testing/redis-under-test.ts';

describeBullMqMailbox(aRedisCluster);
