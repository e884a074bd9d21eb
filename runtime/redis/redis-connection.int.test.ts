import { once } from 'node:events';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { testRedisUrl } from '../testing/suites/test-servers.ts';
import { openBlockingConnection } from './redis-connection.ts';

describe('a connection for blocking reads', () => {
  it('leaves room for the listeners that others count on the shared connection', async () => {
    const redis = new Redis(testRedisUrl());
    const room = redis.getMaxListeners();
    // As BullMQ's classes do while they are open.
    redis.setMaxListeners(redis.getMaxListeners() + 3);
    const connections = await Promise.all(
      Array.from({ length: 20 }, () => openBlockingConnection(redis, 'key', 100)),
    );
    expect(redis.getMaxListeners()).to.be.greaterThan(redis.listenerCount('close'));
    redis.setMaxListeners(redis.getMaxListeners() - 3);
    const ended = connections.map((connection) => once(connection, 'end'));
    redis.disconnect();
    await Promise.all(ended);
    expect(redis.getMaxListeners()).to.equal(room);
  });
});
