import { expect } from 'chai';
import { systemClock, type Clock } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { openTestGateway, type Answered } from './testing/test-gateway.ts';
import type { AnsweredRequest } from './gateway-metrics.ts';
import type { Load, Shedding } from './middleware/load-shedding.ts';

/** Time of a process that comes late to each look at how late it is. */
function lateClock(): Clock {
  let lateMs = 0;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + lateMs,
    schedule: (ms, run) => {
      if (ms !== 50) return systemClock.schedule(ms, run);
      return systemClock.schedule(1, () => {
        lateMs += 60;
        run();
      });
    },
  };
}

/** Metrics that keep what they are told. */
function keeping(answered: AnsweredRequest[]) {
  return {
    answered: (request: AnsweredRequest) => void answered.push(request),
    text: async () => '',
    contentType: 'text/plain',
  };
}

/** A gateway that comes ever later to its requests, and what it has answered. */
async function openLateGateway() {
  const answered: AnsweredRequest[] = [];
  const open = await openTestGateway({
    clock: lateClock(),
    metrics: keeping(answered),
    requestTimeoutMs: 1_000_000,
    shedAboveMs: 1,
  });
  return { open, answered };
}

describe('a gateway with too much to do', () => {
  it('refuses at once, in the form of every error, says when to try again, and counts it', async () => {
    const { open, answered } = await openLateGateway();
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

  it('refuses in the same form what it can refuse quickly and what it can not, and goes on with the connection', async () => {
    const { open, answered } = await openLateGateway();
    const add = (padding: number) =>
      open.send('POST', '/api/v1/cart/items?a=b', {
        json: { product_id: 1, quantity: 1, padding: 'x'.repeat(padding) },
        headers: { 'x-request-id': 'mine' },
      });
    try {
      while ((await add(1)).status !== 503);
      answered.length = 0;
      // Long bodies are looked after, which the quick way does not.
      const [quick, other] = [await add(1), await add(20_000)];
      const formOf = ({ status, headers, json }: Answered) => ({
        status,
        json,
        headers: [...headers].filter(([name]) => name !== 'date'),
      });
      expect(quick.status).to.equal(503);
      expect(formOf(quick)).to.deep.equal(formOf(other));
      expect(quick.json).to.include({ code: 'unavailable', request_id: 'mine' });
      const told = answered.map(({ method, route, status, code, isShed }) => [
        method,
        route,
        status,
        code,
        isShed,
      ]);
      const once = ['POST', '/api/v1/cart/items', 503, 'unavailable', true];
      expect(told).to.deep.equal([once, once]);
      expect((await open.send('GET', '/health/live', { as: 'nobody' })).status).to.equal(200);
      expect((await open.send('GET', '/none')).status).to.equal(404);
      const page = await open.send('GET', '/api/v1/cart', { headers: { origin: 'https://shop.example' } });
      expect(page.status).to.equal(503);
      expect(page.headers.get('access-control-allow-origin')).to.equal('https://shop.example');
    } finally {
      await open.close();
    }
  });

  it('asks once whether a request may go on, and counts the wait for that', async () => {
    const clock = new FakeClock();
    const answered: AnsweredRequest[] = [];
    const asked: Load[] = [];
    const shedding: Shedding = {
      isBusy: true,
      refusalOf: () => undefined,
      held(load) {
        asked.push(load);
        return clock.advance(70).then(() => undefined);
      },
      turn: () => undefined,
      counted: (ask) => ask(),
    };
    const open = await openTestGateway({ clock, shedding, metrics: keeping(answered) });
    try {
      const json = { product_id: 1, quantity: 1 };
      expect((await open.send('POST', '/api/v1/cart/items', { json })).status).to.equal(201);
      expect(asked).to.deep.equal(['ask']);
      expect(answered.map(({ status, ms }) => ({ status, ms }))).to.deep.equal([{ status: 201, ms: 70 }]);
    } finally {
      await open.close();
    }
  });

  it('refuses hundreds at once, each with its own answer', async () => {
    const open = await openTestGateway({ clock: lateClock(), requestTimeoutMs: 1_000_000, shedAboveMs: 1 });
    try {
      let refused = await open.send('GET', '/api/v1/cart');
      while (refused.status === 200) refused = await open.send('GET', '/api/v1/cart');
      const ids = Array.from({ length: 200 }, (_, index) => `request-${index}`);
      const all = await Promise.all(
        ids.map((id) => open.send('GET', '/api/v1/cart', { headers: { 'x-request-id': id } })),
      );
      expect([...new Set(all.map(({ status }) => status))]).to.deep.equal([503]);
      expect(all.map(({ headers }) => headers.get('x-request-id'))).to.deep.equal(ids);
    } finally {
      await open.close();
    }
  });
});
