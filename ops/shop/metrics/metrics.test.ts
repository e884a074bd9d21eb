import { expect } from 'chai';
import { Counter, Gauge } from 'prom-client';
import { FakeClock } from '@trolley/runtime/testing';
import { Metrics } from './metrics.ts';
import { parseExposition } from './testing/parse-exposition.ts';

describe('Metrics', () => {
  let clock: FakeClock;
  beforeEach(() => (clock = new FakeClock()));

  const seriesOf = async (metrics: Metrics, name: string) =>
    parseExposition(await metrics.text())
      .samples.filter((sample) => sample.name === name)
      .map(({ labels, value }) => [labels, value]);
  const opened = (process: string) => {
    const metrics = new Metrics({ process, clock });
    const bought = new Counter({ name: 'bought_total', help: 'Bought.', registers: [metrics.registry] });
    return { metrics, bought };
  };

  it('tells its own figures and those of other processes, apart from each other', async () => {
    const [main, gateway] = [opened('main'), opened('gateway-1')];
    main.bought.inc(2);
    gateway.bought.inc(3);
    // As it comes from another process.
    main.metrics.include(async () => [JSON.parse(JSON.stringify(await gateway.metrics.snapshot())) as never]);
    expect(await seriesOf(main.metrics, 'bought_total')).to.deep.equal([
      [{ process: 'main' }, 2],
      [{ process: 'gateway-1' }, 3],
    ]);
    expect(await seriesOf(main.metrics, 'process_start_time_seconds')).to.have.length(2);
  });

  it('is asked as often as one likes, and reads once a second', async () => {
    const { metrics, bought } = opened('main');
    const first = await metrics.text();
    bought.inc();
    expect(await metrics.text()).to.equal(first);
    await clock.advance(1_000);
    expect(await seriesOf(metrics, 'bought_total')).to.deep.equal([[{ process: 'main' }, 1]]);
  });

  it('answers without the series of a source that is away or slow, counts that, and has them back with it', async () => {
    const { metrics } = opened('main');
    const reads = [
      () => Promise.resolve(7),
      () => Promise.reject(new Error('away')),
      () => new Promise<number>(() => undefined),
      () => Promise.resolve(9),
    ];
    metrics.addSource('outbox', (registry) => {
      const age = new Gauge({ name: 'age_seconds', help: 'Age.', registers: [registry] });
      return async () => age.set((await reads.shift()?.()) ?? 0);
    });
    const seen: unknown[] = [];
    for (const isSlow of [false, false, true, false]) {
      const asked = metrics.text();
      if (isSlow) await clock.advance(500);
      await asked;
      seen.push(await seriesOf(metrics, 'age_seconds'));
      await clock.advance(1_000);
    }
    expect(seen).to.deep.equal([[[{ process: 'main' }, 7]], [], [], [[{ process: 'main' }, 9]]]);
    expect(await seriesOf(metrics, 'trolley_scrape_failures_total')).to.deep.equal([
      [{ source: 'outbox', process: 'main' }, 2],
    ]);
  });

  it('passes on what the main process tells, and tells its own where that one does not answer', async () => {
    const answers = [Promise.resolve('the whole shop'), new Promise<string>(() => undefined)];
    const metrics = new Metrics({ process: 'gateway-1', clock, whole: () => answers.shift()! });
    expect(await metrics.text()).to.equal('the whole shop');
    await clock.advance(1_000);
    const asked = metrics.text();
    await clock.advance(2_000);
    expect(await asked).to.contain('trolley_scrape_failures_total{source="main",process="gateway-1"} 1');
  });
});
