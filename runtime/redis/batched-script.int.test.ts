import { once } from 'node:events';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { systemClock } from '../define/clock.ts';
import { silentLogger } from '../observe/logger.ts';
import { createTestRedis } from '../testing/suites/test-servers.ts';
import { batchedScript } from './batched-script.ts';
import { openRedis } from './open-redis.ts';
import type { RedisConnection } from './redis-connection.ts';

describe('batchedScript', () => {
  let url: string;
  let redis: RedisConnection;
  beforeEach(async () => {
    ({ url } = await createTestRedis());
    redis = await openRedis(url, { clock: systemClock, logger: silentLogger });
  });
  afterEach(() => redis.disconnect());

  const append = () =>
    batchedScript<string>(redis, 'appends', `return redis.call('GETSET', KEYS[1], table.concat(ARGV, '+'))`);
  const reasonOf = (work: Promise<unknown>) => work.then(String, String);

  it('gives each call of one moment its own answer, in the order of the calls', async () => {
    const script = append();
    const calls = [script('a', 1), script('b'), script('a', 2, 'x'), script('b', 'y'), script('a', 3)];
    expect(await Promise.all(calls)).to.deep.equal([null, null, '1', '', '2+x']);
    expect(await script('a')).to.equal('3');
  });

  it('sends a hundred of them at once as one command', async () => {
    const script = append();
    await script('a');
    const onlooker = new Redis(url);
    const monitor = await onlooker.monitor();
    const seen: string[] = [];
    // The server is others', too; the database is ours.
    monitor.on('monitor', (_time: string, [name = '']: string[], source: string, database: string) => {
      if (url.endsWith(`/${database}`) && source !== 'lua') seen.push(name);
    });
    await Promise.all(Array.from({ length: 250 }, (_, index) => script(`key ${index}`)));
    await redis.get('end');
    while (!seen.includes('get')) await once(monitor, 'monitor');
    expect(seen).to.deep.equal(['evalsha', 'evalsha', 'evalsha', 'get']);
    monitor.disconnect();
    onlooker.disconnect();
  });

  it('fails only whom it concerns: by an error that the script returns, or a key of another type', async () => {
    const script = batchedScript<number>(
      redis,
      'counts',
      `if ARGV[1] == 'refused' then return redis.error_reply('REFUSED') end return redis.call('INCR', KEYS[1])`,
    );
    await redis.lpush('list', 'x');
    const calls = [script('a'), script('list'), script('b', 'refused'), script('a')];
    const [first, second, third, fourth] = await Promise.all(calls.map(reasonOf));
    expect([first, fourth]).to.deep.equal(['1', '2']);
    expect(second).to.contain('WRONGTYPE');
    expect(third).to.contain('REFUSED');
  });

  it('fails all by what is a condition of the server, and the connection hears of it', async () => {
    const script = batchedScript(redis, 'writes', `return error('READONLY You cannot write')`);
    const reconnecting = once(redis, 'reconnecting');
    const reasons = await Promise.all([script('a'), script('b')].map(reasonOf));
    for (const reason of reasons) expect(reason).to.contain('READONLY');
    await reconnecting;
  });
});
