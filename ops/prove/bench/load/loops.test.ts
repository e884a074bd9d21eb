import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect } from 'chai';
import { closedLoop, late, openLoop, whole } from './loops.ts';

describe('A load', () => {
  let server: Server;
  let url: string;

  before(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  /** Nothing passes but what is waited for and what operations take. */
  function fakeTime() {
    let now = 0;
    return {
      now: () => now,
      wait: (ms: number) => Promise.resolve((now += ms)),
    };
  }

  it('at a fixed rate counts the latency of each operation from the moment when it was to begin', async () => {
    const time = fakeTime();
    let begun = 0;
    // The first one holds all others up: they were to begin at 10, 20, 30 and 40.
    const operation = async () => {
      await time.wait(begun++ === 0 ? 100 : 1);
    };
    const load = { url, perSecond: 100, durationMs: 50, connections: 1 };
    const { operations, tookMs, latencies } = await openLoop(load, operation, time);
    expect([operations, tookMs]).to.deep.equal([5, 104]);
    const { max = NaN, p50 = NaN } = latencies[whole] ?? {};
    // Of three digits, as its histogram has.
    expect([Math.round(max), Math.round(p50)]).to.deep.equal([100, 82]);
  });

  it('at a fixed rate waits where it is early', async () => {
    const time = fakeTime();
    const begins: number[] = [];
    const operation = async () => {
      begins.push(time.now());
      await time.wait(1);
    };
    await openLoop({ url, perSecond: 100, durationMs: 30, connections: 1 }, operation, time);
    expect(begins).to.deep.equal([0, 10, 20]);
  });

  it('at a fixed rate tells how late it came itself, and not how long it had to wait for a connection', async () => {
    const time = fakeTime();
    const lateTime = { now: time.now, wait: (ms: number) => time.wait(ms + 3) };
    const lasting = [1, 1, 100, 1, 1];
    const operation = async () => {
      await time.wait(lasting.shift() ?? 0);
    };
    const load = { url, perSecond: 100, durationMs: 50, connections: 1 };
    const { latencies } = await openLoop(load, operation, lateTime);
    const { max = NaN, p50 = NaN } = latencies[late] ?? {};
    expect([Math.round(max), Math.round(p50)]).to.deep.equal([3, 3]);
    expect(latencies[whole]?.max).to.be.above(100);
  });

  it('tells the steps of its operations apart', async () => {
    const operation = async (_: unknown, client: number, step: (name: string, tookMs: number) => void) => {
      step(client === 0 ? 'add' : 'order', 2);
      await new Promise(setImmediate);
    };
    const { operations, latencies } = await closedLoop({ url, clients: 2, durationMs: 1 }, operation);
    expect(operations).to.be.at.least(2);
    expect(latencies).to.have.all.keys('add', 'order', whole);
  });

  it('ends with the first operation that fails', async () => {
    const operation = () => Promise.reject(new Error('a unit was lost'));
    const failure = closedLoop({ url, clients: 2, durationMs: 10_000 }, operation).catch(
      (error: unknown) => error,
    );
    expect(((await failure) as Error).message).to.equal('a unit was lost');
  });
});
