import { FakeClock } from './fake-clock.ts';
import { MemoryNodeBoard } from './memory-node-board.ts';
import { describeNodeBoard } from './suites/node-board.suite.ts';
import { shortMs } from './suites/shard-registry.suite.ts';

describeNodeBoard('memory', async () => {
  const clock = new FakeClock();
  const board = new MemoryNodeBoard(clock);
  return {
    board,
    elapse: () => clock.advance(shortMs),
    empty: () => board.remove('a', []),
    close: async () => undefined,
  };
});
