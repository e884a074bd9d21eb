import { expect } from 'chai';
import { trustedProxies } from '../client-address.ts';
import { openTestGateway, tokenFor } from '../testing/test-gateway.ts';
import type { RateLimits } from './rate-limits.ts';

/** Allows so many requests to each principal, for good. */
function allowing(count: number): RateLimits & { readonly taken: string[] } {
  const taken: string[] = [];
  return {
    taken,
    async take(principal) {
      taken.push(principal);
      const used = taken.filter((each) => each === principal).length;
      return used > count ? { allowed: false, retryAfterMs: 1500 } : { allowed: true };
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
