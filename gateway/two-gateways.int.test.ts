import { expect } from 'chai';
import { Redis } from 'ioredis';
import { silentLogger } from '@trolley/runtime';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { trustedProxies } from './client-address.ts';
import { createRedisRateLimits } from './middleware/redis-rate-limits.ts';
import { openTestGateway, type Answered, type Sent, type TestGateway } from './testing/test-gateway.ts';

describe('two gateways with one limit', () => {
  let clients: Redis[];
  let gateways: TestGateway[];
  let flush: () => Promise<void>;

  async function open(rps: number, url?: string): Promise<void> {
    clients = [0, 1].map(() =>
      url === undefined ? new Redis({ port: 1, retryStrategy: () => null }) : new Redis(url),
    );
    for (const client of clients) client.on('error', () => undefined);
    // Until they are there, each gateway counts for itself.
    if (url !== undefined) await Promise.all(clients.map((client) => client.ping()));
    gateways = await Promise.all(
      clients.map((redis) =>
        openTestGateway({
          rateLimits: createRedisRateLimits({ redis, logger: silentLogger, rps, burst: 20 }),
          trustedProxies: trustedProxies(['127.0.0.1']),
        }),
      ),
    );
  }
  let redisUrl: string;
  before(async () => {
    const redis = await createTestRedis();
    redisUrl = redis.url;
    flush = () => redis.flush();
  });
  beforeEach(() => flush());
  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    for (const client of clients) client.disconnect();
  });

  /** One request after the other, over both in turn. */
  async function ask(count: number, sent: Sent = {}): Promise<Answered[]> {
    const answers: Answered[] = [];
    for (let n = 0; n < count; n++) {
      const answer = await gateways[n % 2]?.send('GET', '/api/v1/cart', sent);
      if (answer !== undefined) answers.push(answer);
    }
    return answers;
  }
  const statuses = (answers: readonly Answered[]) => answers.map(({ status }) => status);

  it('let 20 of 120 requests of a user pass, and refuse the rest with when to come again', async () => {
    // So slow that nothing comes back while the test runs.
    await open(0.001, redisUrl);
    const answers = await ask(120);
    expect(statuses(answers)).to.deep.equal([
      ...Array<number>(20).fill(200),
      ...Array<number>(100).fill(429),
    ]);
    for (const [index, { headers }] of answers.entries())
      expect(headers.get('ratelimit-remaining'), String(index)).to.equal(String(Math.max(0, 19 - index)));
    for (const { headers, json } of answers.slice(20)) {
      expect(json['code']).to.equal('rate_limited');
      expect(Number(headers.get('retry-after'))).to.be.within(900, 1000);
    }
    expect(statuses(await ask(2, { as: 2 }))).to.deep.equal([200, 200]);
  });

  it('let pass besides what comes back in the meantime, ten a second', async () => {
    await open(10, redisUrl);
    // By the clock of Redis, which counts.
    const redisMs = async () => {
      const [seconds, micros] = (await clients[0]?.time()) ?? [0, 0];
      return Number(seconds) * 1000 + Number(micros) / 1000;
    };
    const before = await redisMs();
    const [first] = await ask(1);
    const begun = await redisMs();
    const rest = await ask(118);
    const ended = await redisMs();
    const [last] = await ask(1);
    const over = await redisMs();
    const all = statuses([first, ...rest, last].filter((answer) => answer !== undefined));
    expect(all).to.have.length(120);
    expect(all.every((status) => status === 200 || status === 429)).to.equal(true);
    const passed = all.filter((status) => status === 200).length;
    // A client that asks without a pause uses every token that comes back, up to the fraction of one.
    expect(passed).to.be.within(
      20 + Math.floor((ended - begun) / 100),
      20 + Math.floor((over - before) / 100),
    );
    expect(passed).to.be.below(120);
  });

  it('count a sender without a token by the address that a trusted proxy names', async () => {
    await open(0.001, redisUrl);
    const from = (address: string): Sent => ({ as: 'nobody', headers: { 'x-forwarded-for': address } });
    expect(statuses(await ask(22, from('203.0.113.9')))).to.deep.equal([
      ...Array<number>(20).fill(401),
      429,
      429,
    ]);
    expect(statuses(await ask(1, from('203.0.113.10')))).to.deep.equal([401]);
    // Behind the address that the proxy has seen stands whatever the sender likes.
    expect(statuses(await ask(1, from('198.51.100.1, 203.0.113.9')))).to.deep.equal([429]);
    expect(statuses(await ask(1, { ...from('203.0.113.9'), as: 1 }))).to.deep.equal([200]);
  });

  it('count each for itself while Redis is away, users and addresses', async () => {
    await open(0.001);
    for (const sent of [
      { as: 1 },
      { as: 'nobody', headers: { 'x-forwarded-for': '203.0.113.9' } },
    ] as const) {
      const all = statuses(await ask(120, sent));
      const refused = all.filter((status) => status === 429).length;
      // Neither closed nor unlimited: twenty of each gateway.
      expect([all.length - refused, refused]).to.deep.equal([40, 80]);
    }
  });
});
