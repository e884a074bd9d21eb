import { randomUUID } from 'node:crypto';
import { RedisNodeBoard } from '../../inspect/redis-node-board.ts';
import { silentLogger } from '../../observe/logger.ts';
import { describeNodeBoard } from './node-board.suite.ts';
import { keysLike, removeKeys, type RedisUnderTest } from './redis-under-test.ts';

export function describeRedisNodeBoard(on: RedisUnderTest): void {
  describeNodeBoard(on.name, async () => {
    const redis = await on.open();
    const namespace = `test-${randomUUID()}`;
    const board = new RedisNodeBoard({ redis, namespace, logger: silentLogger });
    const empty = async () => removeKeys(redis, await keysLike(redis, `{${namespace}:*`));
    return {
      board,
      empty,
      async elapse() {
        while ((await board.details(['b']))[0] !== undefined);
      },
      async close() {
        await empty();
        redis.disconnect();
      },
    };
  });
}
