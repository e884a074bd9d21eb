import { expect } from 'chai';
import { aligned, byTabs, tableOf } from './table.ts';

describe('a table for people', () => {
  const items = [
    { id: '12345678', count: 7, rate: 0.25 },
    { id: '1', count: undefined, rate: 1200 },
  ];
  const table = tableOf(items, {
    NODE: ({ id }) => id,
    COUNT: ({ count }) => count,
    RATE: ({ rate }) => rate,
  });

  it('has numbers on the right, and ids on the left, of digits too', () => {
    expect(aligned(table)).to.deep.equal([
      'NODE      COUNT  RATE',
      '12345678      7   0.3',
      '1             -  1200',
    ]);
  });

  it('is cut where the terminal ends', () => {
    expect(aligned(table, 12)).to.deep.equal(['NODE      C…', '12345678   …', '1          …']);
  });

  it('is parted by tabs for programs', () => {
    expect(byTabs(table)).to.deep.equal(['12345678\t7\t0.3', '1\t-\t1200']);
  });
});
