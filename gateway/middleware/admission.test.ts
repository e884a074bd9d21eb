import { expect } from 'chai';
import { trustedProxies } from '../client-address.ts';
import { openTestGateway, tokenFor } from '../testing/test-gateway.ts';
import type { RateLimits } from './rate-limits.ts';

/** Allows so many requests to each principal, for good; tells of a burst of 20 at 10 a second. */
function allowing(count: number): RateLimits & { readonly taken: string[] } {
  const taken: string[] = [];
  return {
    taken,
    async take(principal) {
      taken.push(principal);
      const used = taken.filter((each) => each === principal).length;
      const allowance = {
        limit: 20,
        windowMs: 2000,
        remaining: Math.max(0, count - used),
        fullAfterMs: 1250,
      };
      return used > count ? { allowed: false, retryAfterMs: 1500, allowance } : { allowed: true, allowance };
    },
  };
}

describe('the rate limit', () => {
  it('refuses with 429 and the seconds to wait, each user for themselves', async () => {
    const open = await openTestGateway({ rateLimits: allowing(2) });
    try {
      const statuses = [];
      for (const as of [1, 1, 1, 2]) statuses.push((await open.send('GET', '/api/v1/cart', { as })).status);
      expect(statuses).to.deep.equal([200, 200, 429, 200]);
      const { json, headers } = await open.send('GET', '/api/v1/orders');
      expect([json['code'], headers.get('retry-after')]).to.deep.equal(['rate_limited', '2']);
      expect(json['request_id']).to.equal(headers.get('x-request-id'));
    } finally {
      await open.close();
    }
  });

  it('counts by address who has no token or a wrong one, and never the user a wrong one names', async () => {
    const limits = allowing(2);
    const open = await openTestGateway({ rateLimits: limits });
    try {
      const forged = (await tokenFor(1)).replace(/.{6}$/, 'AAAAAA');
      const statuses = [];
      for (const as of ['nobody', { token: forged }, 'nobody', { token: forged }] as const) {
        statuses.push((await open.send('GET', '/api/v1/cart', { as })).status);
      }
      expect(statuses).to.deep.equal([401, 401, 429, 429]);
      expect(new Set(limits.taken)).to.deep.equal(new Set(['address:127.0.0.1']));
    } finally {
      await open.close();
    }
  });

  it('counts by the address that a trusted proxy names, and by that of whoever else names one', async () => {
    const [limits, elsewhere] = [allowing(9), allowing(9)];
    const behind = await openTestGateway({
      rateLimits: limits,
      trustedProxies: trustedProxies(['127.0.0.0/8']),
    });
    const open = await openTestGateway({ rateLimits: elsewhere });
    try {
      for (const sender of ['1.1.1.1, 203.0.113.9', '2001:db8::1', '2001:db8::2', 'nonsense']) {
        const headers = { 'x-forwarded-for': sender };
        await behind.send('GET', '/api/v1/cart', { as: 'nobody', headers });
        await open.send('GET', '/api/v1/cart', { as: 'nobody', headers });
      }
      const ipv6 = 'address:2001:db8:0:0::/64';
      expect(limits.taken).to.deep.equal(['address:203.0.113.9', ipv6, ipv6, 'address:127.0.0.1']);
      expect(new Set(elsewhere.taken)).to.deep.equal(new Set(['address:127.0.0.1']));
    } finally {
      await Promise.all([behind.close(), open.close()]);
    }
  });

  const fieldsOf = (headers: Headers) =>
    ['policy', 'limit', 'remaining', 'reset'].map((field) => headers.get(`ratelimit-${field}`));

  it('tells in each answer what is left, also to a page of another origin, and nothing where nobody counts', async () => {
    const open = await openTestGateway({ rateLimits: allowing(2) });
    const unlimited = await openTestGateway();
    try {
      const answers = [];
      for (const headers of [{}, { origin: 'https://shop.example' }, {}])
        answers.push(await open.send('GET', '/api/v1/cart', { headers }));
      expect(answers.map(({ headers }) => fieldsOf(headers))).to.deep.equal([
        ['20;w=2', '20', '1', '2'],
        ['20;w=2', '20', '0', '2'],
        ['20;w=2', '20', '0', '2'],
      ]);
      expect(answers[2]?.status).to.equal(429);
      expect(answers[1]?.headers.get('access-control-expose-headers')).to.include('RateLimit-Remaining');
      for (const { headers } of [
        await unlimited.send('GET', '/api/v1/cart'),
        await open.send('GET', '/health', { as: 'nobody' }),
      ])
        expect(fieldsOf(headers)).to.deep.equal([null, null, null, null]);
    } finally {
      await Promise.all([open.close(), unlimited.close()]);
    }
  });

  it('counts a checkout twice: as a request, and as a checkout', async () => {
    const [rateLimits, checkoutRateLimits] = [allowing(9), allowing(1)];
    const open = await openTestGateway({ rateLimits, checkoutRateLimits });
    try {
      const statuses = [];
      for (const idempotency_key of ['one', 'two'])
        statuses.push((await open.send('POST', '/api/v1/checkout', { json: { idempotency_key } })).status);
      statuses.push((await open.send('GET', '/api/v1/cart')).status);
      statuses.push((await open.send('POST', '/api/v1/checkout', { as: 'nobody' })).status);
      expect(statuses).to.deep.equal([400, 429, 200, 401]);
      expect(checkoutRateLimits.taken).to.deep.equal(['user:1', 'user:1']);
      expect(rateLimits.taken).to.have.length(4);
    } finally {
      await open.close();
    }
  });

  it('comes before the validation and before a missing route, and spares health', async () => {
    const open = await openTestGateway({ rateLimits: allowing(0) });
    try {
      for (const [method, path] of [
        ['POST', '/api/v1/cart/items'],
        ['GET', '/nothing'],
        ['PATCH', '/api/v1/cart'],
      ] as const) {
        // prettier-ignore
        expect((await open.send(method, path)).status, path).to.equal(429);
      }
      for (const path of ['/health', '/health/live', '/health/ready']) {
        expect((await open.send('GET', path, { as: 'nobody' })).status, path).to.equal(200);
      }
    } finally {
      await open.close();
    }
  });
});
