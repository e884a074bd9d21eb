import { describeBullMqMailbox } from '../testing/suites/bullmq-mailbox.suite.ts';
import { oneRedis } from '../testing/suites/redis-under-test.ts';

describeBullMqMailbox(oneRedis);
