import { expect } from 'chai';
import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { DurationHistogram } from './duration-histogram.ts';

describe('DurationHistogram', () => {
  const told = { name: 'turn_seconds', help: 'Turns.', buckets: [0.001, 0.01, 1] };
  const observed: readonly (readonly [actor: string, status: number, seconds: number])[] = [
    ['cart', 200, 0.0005],
    ['cart', 200, 0.001],
    ['cart', 404, 0.5],
    ['order', 200, 1],
    ['order', 200, 7],
    ['order', 200, 0],
    ['a "quoted"\nname', 1, 0.25],
  ];

  const opened = () => {
    const [registry, theirs] = [new Registry(), new Registry()];
    const ours = new DurationHistogram({ ...told, labelNames: ['actor', 'status'], registry });
    const peer = new Histogram({ ...told, labelNames: ['actor', 'status'], registers: [theirs] });
    for (const [actor, status, seconds] of observed) {
      ours.observe([actor, status], seconds);
      peer.observe({ actor, status }, seconds);
    }
    return { registry, theirs };
  };
  const seriesIn = (text: string) => text.trim().split('\n').toSorted();

  it('is told by its registry as a histogram of prom-client is', async () => {
    const { registry, theirs } = opened();
    const text = await registry.metrics();
    expect(text).to.contain('turn_seconds_bucket{le="0.001",');
    expect(seriesIn(text)).to.deep.equal(seriesIn(await theirs.metrics()));
  });

  it('is told on the way through another process, too', async () => {
    const { registry, theirs } = opened();
    const passed = async (from: Registry) => {
      from.setDefaultLabels({ process: 'main' });
      const snapshot: unknown = JSON.parse(JSON.stringify(await from.getMetricsAsJSON()));
      return AggregatorRegistry.aggregate([snapshot as object[]]).metrics();
    };
    expect(seriesIn(await passed(registry))).to.deep.equal(seriesIn(await passed(theirs)));
  });

  it('begins anew when its registry is told to', async () => {
    const { registry } = opened();
    registry.resetMetrics();
    expect(await registry.metrics()).to.equal('# HELP turn_seconds Turns.\n# TYPE turn_seconds histogram\n');
  });
});
