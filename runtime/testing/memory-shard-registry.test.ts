import { FakeClock } from './fake-clock.ts';
import { MemoryShardRegistry } from './memory-shard-registry.ts';
import { describeShardRegistry, shortMs } from './suites/shard-registry.suite.ts';

describeShardRegistry('memory', async () => {
  const clock = new FakeClock();
  return {
    registry: new MemoryShardRegistry(clock),
    elapse: () => clock.advance(shortMs),
    close: async () => undefined,
  };
});
