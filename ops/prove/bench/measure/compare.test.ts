import { expect } from 'chai';
import { compareRounds, renderComparison } from './compare.ts';

describe('A comparison of two runs', () => {
  const verdicts = (before: number[], now: number[], name = 'cart: per s') =>
    compareRounds({ [name]: before }, { [name]: now }).changes.map(({ verdict }) => verdict);

  it('tells a change that is larger than what the rounds differ by', () => {
    expect(verdicts([100, 101, 99, 100, 102], [120, 121, 119, 122, 120])).to.deep.equal(['better']);
    expect(verdicts([120, 121, 119], [100, 101, 99])).to.deep.equal(['worse']);
  });

  it('takes less time for better, and a larger ratio', () => {
    expect(verdicts([20, 20, 20], [10, 10, 10], 'alone: add p50 ms')).to.deep.equal(['better']);
    expect(verdicts([0.1, 0.1, 0.1], [0.4, 0.4, 0.4], 'GET cart ÷ empty Koa route')).to.deep.equal([
      'better',
    ]);
  });

  it('takes a smaller ratio of times for better', () => {
    const name = 'adds let in at three times the load: p99 ÷ p99 before';
    expect(verdicts([2, 2, 2], [3, 3, 3], name)).to.deep.equal(['worse']);
    expect(verdicts([2, 2, 2], [1, 1, 1], 'asks: processor ms ÷ 2 processes')).to.deep.equal(['better']);
  });

  it('says nothing of what the rounds explain, of a few per cent, and of too few rounds', () => {
    expect(verdicts([80, 100, 120], [95, 115, 135])).to.deep.equal([]);
    expect(verdicts([100, 100, 100], [102, 102, 102])).to.deep.equal([]);
    expect(verdicts([100, 100], [200, 200])).to.deep.equal([]);
  });

  it('is not led astray by one round in which the machine did something else', () => {
    expect(verdicts([100, 101, 99, 100, 10], [120, 121, 119, 122, 5])).to.deep.equal(['better']);
  });

  it('is a table of what changed, with a count of the rest', () => {
    const before = { 'cart: per s': [1, 1, 1], 'adds: per s': [5, 5, 5], gone: [1, 1, 1] };
    const now = { 'cart: per s': [2, 2, 2], 'adds: per s': [5, 5, 5], new: [1, 1, 1] };
    const [, line, note] = renderComparison(compareRounds(before, now));
    expect(line).to.match(/^cart: per s +1 +2 +\+100 % +better$/);
    expect(note).to.match(/^1 other/);
  });
});
