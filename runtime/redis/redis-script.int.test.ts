import { expect } from 'chai';
import { systemClock } from '../define/clock.ts';
import { silentLogger } from '../observe/logger.ts';
import { createTestRedis } from '../testing/suites/test-servers.ts';
import { openRedis } from './open-redis.ts';
import type { RedisConnection } from './redis-connection.ts';
import { redisScript } from './redis-script.ts';

describe('redisScript', () => {
  let redis: RedisConnection;
  beforeEach(async () => {
    const { url } = await createTestRedis();
    redis = await openRedis(url, { clock: systemClock, logger: silentLogger });
  });
  afterEach(() => redis.disconnect());

  it('made while other commands are gathered gives everybody their own answer', async () => {
    await redis.mset('a', '1', 'b', '2');
    const before = redis.get('a');
    const script = redisScript<string>(redis, 1, `return redis.call('GET', KEYS[1]) .. ARGV[1]`);
    const asked = [before, script('b', 'x'), redis.get('b'), script('a', 'y')];
    expect(await Promise.all(asked)).to.deep.equal(['1', '2x', '2', '1y']);
    expect(await Promise.all([script('b', 'z'), redis.get('a')])).to.deep.equal(['2z', '1']);
  });

  it('is sent by its hash once it is known, also where it is always gathered behind other commands', async () => {
    const times = async (name: string) => {
      const calls = new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await redis.info('commandstats'))?.[1];
      return Number(calls ?? 0);
    };
    const ask = (script: (key: string) => Promise<number>) => Promise.all([redis.get('a'), script('a')]);
    const early = redisScript<number>(redis, 1, `return #redis.call('KEYS', KEYS[1])`);
    // By its text, since this Redis does not have it.
    await ask(early);
    void redis.get('a');
    const late = redisScript<number>(redis, 1, `return 1 + #redis.call('KEYS', KEYS[1])`);
    await ask(late);
    // Known from here on; the first time by its name may be by its text once more.
    await ask(late);
    const before = await times('eval');
    for (let i = 0; i < 5; i++) expect(await Promise.all([ask(early), ask(late)])).to.have.length(2);
    expect(await times('eval')).to.equal(before);
  });
});
