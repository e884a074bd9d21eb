import { expect } from 'chai';
import { systemClock } from '../../define/clock.ts';
import { consumptionOf } from './kafka-consumption.ts';
import type { PartitionPosition } from './kafka-topics.ts';

describe('consumption', () => {
  let now: number;
  let positions: PartitionPosition[];
  let consumedUntil: () => Promise<number>;

  beforeEach(() => {
    now = 1_000;
    positions = [];
    consumedUntil = consumptionOf(async () => positions, { ...systemClock, now: () => now });
  });

  /** A look at the time `at`; by partition, where the group goes on and where the partition ends. */
  const look = (at: number, ...pairs: [next: number, end: number][]) => {
    now = at;
    positions = pairs.map(([next, end], partition) => ({ partition, next: BigInt(next), end: BigInt(end) }));
    return consumedUntil();
  };

  it('knows nothing before it has looked twice', async () => {
    expect(await look(1_000, [0, 0])).to.equal(0);
    expect(await look(2_000, [0, 0])).to.equal(1_000);
  });

  it('stands still while the group is behind, and follows when it has come on', async () => {
    await look(1_000, [3, 5], [2, 2]);
    expect(await look(2_000, [4, 9], [2, 7])).to.equal(0);
    expect(await look(3_000, [5, 20], [2, 30])).to.equal(1_000);
    expect(await look(4_000, [20, 20], [29, 31])).to.equal(1_000);
    expect(await look(5_000, [20, 20], [30, 40])).to.equal(3_000);
  });

  it('follows a group that is never quite done', async () => {
    let until = 0;
    for (let n = 1; n <= 5; n++) until = await look(n * 1_000, [n * 100 - 7, n * 100]);
    expect(until).to.equal(4_000);
  });

  it('waits for one partition as for all', async () => {
    await look(1_000, [0, 1], [0, 1]);
    expect(await look(2_000, [0, 1], [1, 1])).to.equal(0);
    expect(await look(3_000, [1, 1], [1, 1])).to.equal(1_000);
  });

  it('goes on after the topic was emptied: nothing is left to consume', async () => {
    await look(1_000, [3, 50]);
    expect(await look(2_000, [0, 0])).to.equal(1_000);
    expect(await look(3_000, [0, 4])).to.equal(2_000);
    expect(await look(4_000, [1, 6])).to.equal(2_000);
  });
});
