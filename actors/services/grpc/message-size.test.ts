import { expect } from 'chai';
import { batchesOf, fitting, maxListBytes } from './message-size.ts';

describe('fitting', () => {
  const size = (bytes: number) => bytes;

  it('takes all where all fits, to the byte', () => {
    const items = [1, maxListBytes - 3, 2];
    expect(fitting(items, size)).to.deep.equal(items);
    expect(fitting([], size)).to.deep.equal([]);
  });

  it('takes what fits', () => {
    expect(fitting([1, maxListBytes - 3, 3, 1], size)).to.deep.equal([1, maxListBytes - 3]);
  });

  it('takes the first whatever its size: a list must come to its end', () => {
    expect(fitting([maxListBytes + 1, 1], size)).to.deep.equal([maxListBytes + 1]);
  });
});

describe('batchesOf', () => {
  it('takes all in order, so many at a time', () => {
    expect(batchesOf([1, 2, 3, 4, 5], 2)).to.deep.equal([[1, 2], [3, 4], [5]]);
    expect(batchesOf([1, 2], 2)).to.deep.equal([[1, 2]]);
    expect(batchesOf([], 2)).to.deep.equal([]);
  });
});
