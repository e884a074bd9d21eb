import { expect } from 'chai';
import { Registry } from 'prom-client';
import type { PartitionLag } from '@trolley/runtime/events';
import { lagSource, sagaSource } from './sources.ts';

describe('the lag of a group, measured', () => {
  it('is told by partition, those behind the 64th as one, and none that is gone', async () => {
    let lags: PartitionLag[] = [];
    const asked: string[] = [];
    const log = {
      async lag(topic: string, group: string) {
        asked.push(`${topic} ${group}`);
        return lags;
      },
    };
    const registry = new Registry();
    const read = lagSource(log, 'outbox', 'readers')(registry);
    const look = async () => {
      await read();
      const [metric] = await registry.getMetricsAsJSON();
      return metric?.values.map(({ labels, value }) => [labels['group'], labels['partition'], value]);
    };
    lags = Array.from({ length: 67 }, (_, partition) => ({ partition, records: partition + 1 }));
    const found = (await look()) ?? [];
    expect(found).to.have.length(65);
    expect(found.slice(0, 2)).to.deep.equal([
      ['readers', '0', 1],
      ['readers', '1', 2],
    ]);
    expect(found.at(-1)).to.deep.equal(['readers', 'others', 65 + 66 + 67]);
    lags = [{ partition: 0, records: 0 }];
    expect(await look()).to.deep.equal([['readers', '0', 0]]);
    expect(asked[0]).to.equal('outbox readers');
  });
});

describe('stuck sagas, measured', () => {
  it('are told by how many they are, and how long the first of them has run', async () => {
    let found: { count: number; firstBegan: number | undefined } = { count: 3, firstBegan: 40_000 };
    const registry = new Registry();
    const read = sagaSource('checkout', async () => found, { now: () => 100_000 })(registry);
    const look = async () => {
      await read();
      const metrics = await registry.getMetricsAsJSON();
      return metrics.map(({ values }) => [values[0]?.labels['saga'], values[0]?.value]);
    };
    expect(await look()).to.deep.equal([
      ['checkout', 3],
      ['checkout', 60],
    ]);
    found = { count: 0, firstBegan: undefined };
    expect(await look()).to.deep.equal([
      ['checkout', 0],
      ['checkout', 0],
    ]);
  });
});
