import { expect } from 'chai';
import { checkAt } from '@trolley/runtime/observe';
import { openTestGateway } from '../testing/test-gateway.ts';

describe('health routes', () => {
  it('tell that the gateway lives, whatever its dependencies do', async () => {
    const open = await openTestGateway({
      healthChecks: { redis: async () => Promise.reject(new Error('down')) },
    });
    try {
      for (const path of ['/health', '/health/live']) {
        const { status, json } = await open.send('GET', path, { as: 'nobody' });
        expect([status, json]).to.deep.equal([200, { status: 'ok' }]);
      }
    } finally {
      await open.close();
    }
  });

  it('name each dependency that fails, where it is and why', async () => {
    let down = false;
    const check = async () => (down ? Promise.reject(new Error('connect 10.0.0.1')) : undefined);
    const open = await openTestGateway({
      healthChecks: { redis: checkAt('redis://u:***@cache', check), postgres: async () => {}, payment: () => { if (down) throw new Error('at once'); return Promise.resolve(); } }, // prettier-ignore
    });
    try {
      const ready = await open.send('GET', '/health/ready', { as: 'nobody' });
      const dependencies = { redis: 'ok', postgres: 'ok', payment: 'ok' };
      expect([ready.status, ready.json]).to.deep.equal([200, { status: 'ok', dependencies }]);
      down = true;
      const { status, json, headers } = await open.send('GET', '/health/ready', { as: 'nobody' });
      expect([status, headers.get('retry-after')]).to.deep.equal([503, '1']);
      expect(json).to.deep.include({
        code: 'unavailable',
        error: 'not ready: redis, payment',
        dependencies: { redis: 'failing', postgres: 'ok', payment: 'failing' },
        reasons: { redis: 'redis://u:***@cache: connect 10.0.0.1', payment: 'at once' },
      });
      expect(json['request_id']).to.be.a('string');
    } finally {
      await open.close();
    }
  });
});
