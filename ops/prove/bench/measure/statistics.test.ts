import { expect } from 'chai';
import { errorOfMedian, median, rotated, spread } from './statistics.ts';

describe('Statistics of a bench', () => {
  it('take the middle, and of an even count what lies between', () => {
    expect(median([5, 1, 3])).to.equal(3);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(median([])).to.be.NaN;
  });

  it('measure how far values lie from each other without the one that lies far off', () => {
    expect(spread([7, 7, 7])).to.equal(0);
    expect(spread([99, 100, 101, 102, 5_000])).to.be.closeTo(1.48, 0.01);
  });

  it('tell how far a median may be off: half as far with four times the values', () => {
    const values = [9, 10, 11, 12];
    expect(errorOfMedian([7, 7, 7])).to.equal(0);
    expect(errorOfMedian(Array.from({ length: 4 }, () => values).flat())).to.be.closeTo(
      errorOfMedian(values) / 2,
      1e-9,
    );
  });

  it('put another one first each time', () => {
    const orders = [0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''));
    expect(orders).to.deep.equal(['abc', 'bca', 'cab', 'abc']);
  });
});
