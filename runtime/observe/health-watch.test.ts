import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { FakeClock } from '../testing/fake-clock.ts';
import { watchHealth } from './health-watch.ts';
import { createLogger } from './logger.ts';
import { checkAt, createReadiness } from './readiness.ts';

describe('watchHealth', () => {
  it('tells in one line what fails, where and why, and in one that it works again', async () => {
    const clock = new FakeClock();
    let problem: Error | undefined;
    const checks = {
      redis: checkAt('redis://cache', async () => (problem ? Promise.reject(problem) : undefined)),
      nodes: async () => (problem ? Promise.reject(problem) : undefined),
      carts: async () => undefined,
    };
    const lines = new PassThrough({ encoding: 'utf8' });
    const logger = createLogger('info', lines);
    const look = watchHealth({ readiness: createReadiness(checks, clock), clock, logger });
    await look();
    problem = new Error('Connection is closed.');
    for (const _ of [1, 2, 3]) {
      await look();
      await clock.advance(2_000);
    }
    problem = undefined;
    await look();
    await look();
    const told = String(lines.read() ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).to.have.length(2);
    expect(told[0]).to.deep.include({
      level: 'warn',
      reasons: { redis: 'redis://cache: there is no connection', nodes: 'there is no connection' },
      msg: 'not working: redis, nodes',
    });
    expect(told[1]).to.include({ level: 'info', msg: 'working again: redis, after 6 s; nodes, after 6 s' });
  });
});
