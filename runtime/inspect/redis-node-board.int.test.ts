import { describeRedisNodeBoard } from '../testing/suites/redis-node-board.suite.ts';
import { oneRedis } from '../testing/suites/redis-under-test.ts';

describeRedisNodeBoard(oneRedis);
