import { expect } from 'chai';
import { Redis } from 'ioredis';
import { recordMessages } from '@trolley/runtime/testing';
import { createTestRedis, type TestRedis } from '@trolley/runtime/testing/suites';
import { checkRedisSettings } from './redis-settings.ts';

describe('the settings of a Redis', () => {
  const user = `no-config-${process.pid}`;
  let server: TestRedis;
  let admin: Redis;
  const { logger, messages: warned } = recordMessages('warn');

  before(async () => {
    server = await createTestRedis();
    admin = new Redis(server.url);
    await admin.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '+@all', '-config', '-info');
  });
  beforeEach(() => void warned.splice(0));
  after(async () => {
    await admin.call('ACL', 'DELUSER', user);
    admin.disconnect();
  });

  it('are warned of where the server may not tell them', async () => {
    const url = new URL(server.url);
    const redis = new Redis({
      ...{ host: url.hostname, port: Number(url.port), username: user, password: 'secret' },
      enableReadyCheck: false,
    });
    try {
      await checkRedisSettings(redis, logger);
    } finally {
      redis.disconnect();
    }
    expect(warned).to.deep.equal([
      'Redis does not tell its maxmemory-policy; unless it is noeviction, messages can be lost',
    ]);
  });

  it('are not taken for untold where the server does not answer', async () => {
    const redis = new Redis(server.url);
    await redis.ping();
    redis.disconnect();
    const found = await checkRedisSettings(redis, logger).then(() => 'checked', String);
    expect(found).to.include('Connection is closed');
    expect(warned).to.deep.equal([]);
  });
});
