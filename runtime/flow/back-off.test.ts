import { expect } from 'chai';
import { backOffMs } from './back-off.ts';

describe('backOffMs', () => {
  const attempts = [0, 1, 2, 3, 5_000];

  it('doubles from the first to the longest, where it stays', () => {
    const delays = attempts.map((attempt) => backOffMs({ firstMs: 100, maxMs: 500 }, attempt));
    expect(delays).to.deep.equal([100, 200, 400, 500, 500]);
  });

  it('leaves to chance half of a wait, or the part that it is told', () => {
    const range = (jitter?: number) =>
      [0, 0.5, 1].map((drawn) =>
        backOffMs({ firstMs: 100, maxMs: 500, ...(jitter && { jitter }) }, 1, () => drawn),
      );
    expect(range()).to.deep.equal([100, 150, 200]);
    expect(range(0.25)).to.deep.equal([150, 175, 200]);
  });
});
