import { expect } from 'chai';
import { ManualClock } from '../../actors/services/testing/manual-clock.ts';
import { createReadiness } from '../readiness.ts';
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

  it('name each dependency that fails', async () => {
    let down = false;
    const check = async () => (down ? Promise.reject(new Error('connect 10.0.0.1')) : undefined);
    const open = await openTestGateway({
      healthChecks: { redis: check, postgres: async () => {}, payment: () => { if (down) throw new Error('at once'); return Promise.resolve(); } }, // prettier-ignore
    });
    try {
      const ready = await open.send('GET', '/health/ready', { as: 'nobody' });
      const dependencies = { redis: 'ok', postgres: 'ok', payment: 'ok' };
      expect([ready.status, ready.json]).to.deep.equal([200, { status: 'ok', dependencies }]);
      down = true;
      const { status, json, headers, text } = await open.send('GET', '/health/ready', { as: 'nobody' });
      expect([status, headers.get('retry-after')]).to.deep.equal([503, '1']);
      expect(json).to.deep.include({
        code: 'unavailable',
        error: 'not ready: redis, payment',
        dependencies: { redis: 'failing', postgres: 'ok', payment: 'failing' },
      });
      expect(json['request_id']).to.be.a('string');
      expect(text).not.to.contain('10.0.0.1');
    } finally {
      await open.close();
    }
  });
});

describe('createReadiness', () => {
  it('does not wait for a check that hangs, nor begin it again', async () => {
    const clock = new ManualClock();
    let begun = 0;
    let recover = (): void => {};
    const hang = () => {
      begun += 1;
      return new Promise<void>((resolve) => (recover = resolve));
    };
    const readiness = createReadiness({ redis: hang }, clock);
    for (const _ of [1, 2, 3]) {
      const health = readiness();
      clock.advance(1000);
      expect(Object.fromEntries(await health)).to.deep.equal({ redis: 'failing' });
    }
    expect(begun).to.equal(1);
    const health = readiness();
    recover();
    expect((await health).get('redis')).to.equal('ok');
    expect(clock.waiting).to.equal(0);
  });
});
