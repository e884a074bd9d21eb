import { once } from 'node:events';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { createTestRedis } from '../testing/suites/test-servers.ts';
import { redisScript } from './redis-script.ts';

describe('redisScript on a connection that gathers commands', () => {
  let url: string;
  let redis: Redis;
  beforeEach(async () => {
    ({ url } = await createTestRedis());
    redis = new Redis(url, { enableAutoPipelining: true });
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
    const onlooker = new Redis(url);
    const monitor = await onlooker.monitor();
    const seen: string[] = [];
    // The server is others', too; the database is ours.
    monitor.on(
      'monitor',
      (_time: string, [name = '', about = '']: string[], _source: string, database: string) => {
        if (url.endsWith(`/${database}`)) seen.push(name === 'get' && about === 'end' ? 'end' : name);
      },
    );
    const sent = async () => {
      await redis.get('end');
      while (!seen.includes('end')) await once(monitor, 'monitor');
      return seen.splice(0).filter((name) => name.startsWith('eval'));
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
    await sent();
    for (let i = 0; i < 5; i++) expect(await Promise.all([ask(early), ask(late)])).to.have.length(2);
    expect(await sent()).to.deep.equal(Array.from({ length: 10 }, () => 'evalsha'));
    monitor.disconnect();
    onlooker.disconnect();
  });
});
