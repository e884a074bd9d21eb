import { expect } from 'chai';
import { systemClock } from '../define/clock.ts';
import { silentLogger } from '../observe/logger.ts';
import { testRedisClusterUrl } from '../testing/suites/test-servers.ts';
import { ChannelReader } from './channel-reader.ts';
import { openRedis } from './open-redis.ts';

describe('a reader of channels on a Redis Cluster', () => {
  it('hears what is published at any node, within a script, too', async () => {
    const redis = await openRedis(testRedisClusterUrl(), { clock: systemClock, logger: silentLogger });
    const heard: string[] = [];
    let more = () => {};
    const reader = new ChannelReader({
      ...{ redis, clock: systemClock, logger: silentLogger, what: 'tests' },
      onMessage: (channel, message) => {
        heard.push(`${channel} ${message}`);
        more();
      },
      onListening: (channel) => {
        heard.push(`${channel} listening`);
        more();
      },
    });
    const until = async (count: number) => {
      while (heard.length < count) await new Promise<void>((resolve) => (more = resolve));
    };
    try {
      const channels = Array.from({ length: 10 }, (_, n) => `test:${process.pid}:${n}`);
      for (const channel of channels) reader.add(channel);
      await until(10);
      for (const channel of channels)
        await redis.eval(`return redis.pcall('PUBLISH', ARGV[1], 'said')`, 1, channel, channel);
      await until(20);
      expect(heard.slice(10).toSorted()).to.deep.equal(
        channels.map((channel) => `${channel} said`).toSorted(),
      );
    } finally {
      await reader.close();
      redis.disconnect();
    }
  });
});
