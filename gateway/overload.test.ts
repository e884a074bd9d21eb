import { expect } from 'chai';
import { systemClock } from '@trolley/runtime';
import { openTestGateway } from './testing/test-gateway.ts';
import type { AnsweredRequest } from './gateway-metrics.ts';

describe('a gateway with too much to do', () => {
  it('refuses at once, in the form of every error, says when to try again, and counts it', async () => {
    const answered: AnsweredRequest[] = [];
    const metrics = {
      answered: (request: AnsweredRequest) => void answered.push(request),
      text: async () => '',
      contentType: 'text/plain',
    };
    // The process is late by more than it may be: no timer runs as soon as it is due.
    const clock = {
      ...systemClock,
      schedule: (ms: number, run: () => void) => systemClock.schedule(ms === 50 ? 1 : ms, run),
      monotonic: () => systemClock.monotonic() * 100,
    };
    const open = await openTestGateway({ clock, metrics, requestTimeoutMs: 1_000_000, shedAboveMs: 1 });
    try {
      let refused = await open.send('GET', '/api/v1/cart');
      while (refused.status === 200) refused = await open.send('GET', '/api/v1/cart');
      expect(refused.status).to.equal(503);
      expect(refused.json).to.include({
        error: 'more is asked than can be answered, try again later',
        code: 'unavailable',
      });
      expect(refused.headers.get('retry-after')).to.equal('1');
      expect((await open.send('GET', '/health/live', { as: 'nobody' })).status).to.equal(200);
      expect(answered.filter(({ isShed }) => isShed).map(({ status }) => status)).to.include(503);
      expect(answered.filter(({ status }) => status === 200).some(({ isShed }) => isShed)).to.equal(false);
    } finally {
      await open.close();
    }
  });
});
