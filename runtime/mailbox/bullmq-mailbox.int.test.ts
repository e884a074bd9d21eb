import { describeBullMqMailbox } from '../testing/bullmq-mailbox.suite.ts';
import { oneRedis } from '../testing/redis-under-test.ts';

describeBullMqMailbox(oneRedis);
