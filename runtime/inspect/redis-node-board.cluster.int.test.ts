import { describeRedisNodeBoard } from '../testing/suites/redis-node-board.suite.ts';
import { aRedisCluster } from '../testing/suites/redis-under-test.ts';

describeRedisNodeBoard(aRedisCluster);
