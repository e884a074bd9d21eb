import { expect } from 'chai';
import { Redis } from 'ioredis';
import { systemClock, type Clock } from '../define/clock.ts';
import { silentLogger } from '../observe/logger.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
import { createTestRedis } from '../testing/suites/test-servers.ts';
import { ChannelReader } from './channel-reader.ts';
import { openRedis } from './open-redis.ts';

describe('a reader of channels', () => {
  it('tries ever more seldom where it may not listen, says so once, and listens when it may', async () => {
    const { url } = await createTestRedis();
    const admin = new Redis(url);
    const user = `no-channels-${process.pid}`;
    await admin.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '+@all', 'resetchannels');
    const asUser = Object.assign(new URL(url), { username: user, password: 'secret' });
    const redis = await openRedis(asUser.href, { clock: systemClock, logger: silentLogger });
    const { logger, messages } = recordMessages('warn');
    const pauses: number[] = [];
    let paused = () => {};
    const clock: Clock = {
      ...systemClock,
      schedule(delayMs, run) {
        pauses.push(delayMs);
        paused();
        return systemClock.schedule(1, run);
      },
    };
    let listening = (_channel: string) => {};
    const reader = new ChannelReader({
      ...{ redis, clock, logger, what: 'tests' },
      onMessage: () => undefined,
      onListening: (channel) => listening(channel),
    });
    try {
      reader.add('test:forbidden');
      while (pauses.length < 6) await new Promise<void>((resolve) => (paused = resolve));
      expect(pauses.slice(0, 6)).to.deep.equal([200, 400, 800, 1_600, 3_200, 5_000]);
      expect(messages).to.deep.equal(['tests cannot be heard']);
      const heard = new Promise<string>((resolve) => (listening = resolve));
      await admin.call('ACL', 'SETUSER', user, 'allchannels');
      expect(await heard).to.equal('test:forbidden');
    } finally {
      await reader.close();
      redis.disconnect();
      await admin.call('ACL', 'DELUSER', user);
      admin.disconnect();
    }
  });
});
