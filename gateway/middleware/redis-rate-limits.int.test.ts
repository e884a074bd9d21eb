import { expect } from 'chai';
import { Redis } from 'ioredis';
import { silentLogger } from '@trolley/runtime';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { createRedisRateLimits } from './redis-rate-limits.ts';

describe('createRedisRateLimits', () => {
  let clients: Redis[];
  before(async () => {
    const { url } = await createTestRedis();
    clients = [new Redis(url), new Redis(url)];
    await Promise.all(clients.map((client) => client.ping()));
  });
  after(() => {
    for (const client of clients) client.disconnect();
  });

  // So slow that nothing comes back while the test runs.
  const limitsOf = (redis: Redis | undefined) =>
    createRedisRateLimits({ logger: silentLogger, redis: redis!, rps: 0.001, burst: 20 })!;

  it('lets a burst in once over all gateways, and says how long to wait', async () => {
    const [one, two] = clients.map(limitsOf);
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? one : two)!.take('user:1')),
    );
    expect(verdicts.filter(({ allowed }) => allowed)).to.have.length(20);
    const refused = await one!.take('user:1');
    if (refused.allowed) expect.fail('the burst was used up');
    expect(refused.retryAfterMs).to.be.within(900_000, 1_000_000);
    expect(refused.allowance).to.include({ limit: 20, windowMs: 20_000_000, remaining: 0 });
    expect(refused.allowance?.fullAfterMs).to.be.within(19_900_000, 20_000_000);
    const other = await one!.take('user:2');
    expect(other.allowed).to.equal(true);
    expect(other.allowance).to.include({ limit: 20, remaining: 19 });
    expect(other.allowance?.fullAfterMs).to.be.within(900_000, 1_000_000);
  });

  it('gives one request back after its share of a second', async () => {
    const limits = createRedisRateLimits({ logger: silentLogger, redis: clients[0]!, rps: 200, burst: 1 })!;
    expect((await limits.take('user:3')).allowed).to.equal(true);
    let verdict = await limits.take('user:3');
    for (let tries = 0; !verdict.allowed && tries < 10_000; tries += 1) verdict = await limits.take('user:3');
    expect(verdict.allowed).to.equal(true);
  });

  it('counts by its own rate, whatever other limits share its connection', async () => {
    const patient = createRedisRateLimits({
      logger: silentLogger,
      redis: clients[0]!,
      rps: 0.001,
      burst: 3,
    })!;
    createRedisRateLimits({ logger: silentLogger, redis: clients[0]!, rps: 1_000, burst: 1 });
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => patient.take('user:5')));
    expect(verdicts.map(({ allowed }) => allowed)).to.deep.equal([true, true, true, false, false]);
  });

  it('makes nobody wait for longer than a burst, though the clock of Redis was set back', async () => {
    await clients[0]!.set('rate-limit:user:6', String(Date.now() + 3_600_000));
    const limits = createRedisRateLimits({ logger: silentLogger, redis: clients[0]!, rps: 100, burst: 10 })!;
    const refused = await limits.take('user:6');
    if (refused.allowed) expect.fail('the burst counts as used up');
    expect(refused.retryAfterMs).to.be.at.most(10);
  });

  it('counts over what somebody else has left in its place', async () => {
    const limits = createRedisRateLimits({ logger: silentLogger, redis: clients[0]!, rps: 0.001, burst: 1 })!;
    for (const put of [
      () => clients[0]!.set('rate-limit:user:8', 'a text'),
      () => clients[0]!.lpush('rate-limit:user:9', 'x'),
    ])
      await put();
    for (const user of ['user:8', 'user:9']) {
      expect((await limits.take(user)).allowed, user).to.equal(true);
      expect(await clients[1]!.type(`rate-limit:${user}`)).to.equal('string');
      expect((await limitsOf(clients[1]).take(user)).allowed, user).to.equal(true);
    }
  });

  it('counts for each name by itself', async () => {
    const named = (name: string) =>
      createRedisRateLimits({ logger: silentLogger, redis: clients[0]!, rps: 0.001, burst: 1, name })!;
    for (const name of ['one-limit', 'another-limit']) {
      const taken = [await named(name).take('user:7'), await named(name).take('user:7')];
      expect(taken.map(({ allowed }) => allowed)).to.deep.equal([true, false]);
    }
  });

  it('leaves nothing behind for who is quiet', async () => {
    const [key] = await clients[0]!.keys('rate-limit:user:2');
    expect(await clients[0]!.pttl(key!)).to.be.within(1, 1_000_000);
  });

  it('counts for itself while Redis is down', async () => {
    const down = new Redis({ port: 1, lazyConnect: true, retryStrategy: () => null });
    down.on('error', () => {});
    const limits = limitsOf(down);
    const verdicts = await Promise.all(Array.from({ length: 25 }, () => limits.take('user:1')));
    expect(verdicts.filter(({ allowed }) => allowed)).to.have.length(20);
    down.disconnect();
  });

  it('is off at 0 per second', () => {
    const limits = createRedisRateLimits({ logger: silentLogger, redis: clients[0]!, rps: 0, burst: 1 });
    expect(limits).to.equal(undefined);
  });
});
