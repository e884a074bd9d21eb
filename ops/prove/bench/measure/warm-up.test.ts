import { expect } from 'chai';
import type { Figures } from './figures.ts';
import { warmUp } from './warm-up.ts';

describe('the rounds before a measurement', () => {
  const roundsOf = async (...costs: readonly number[]) => {
    let rounds = 0;
    await warmUp((figures: Figures) => {
      figures.add('add: processor ms', costs[rounds++] ?? costs.at(-1) ?? NaN);
      figures.add('add: p50 ms', 1 / rounds);
      return Promise.resolve();
    });
    return rounds;
  };

  it('end when two in a row have made nothing cheaper', async () => {
    expect(await roundsOf(1)).to.equal(3);
    expect(await roundsOf(8, 4, 2, 2.1, 2)).to.equal(5);
  });

  it('go on when it becomes cheaper after one that brought nothing', async () => {
    expect(await roundsOf(8, 8, 4, 4, 4)).to.equal(5);
  });

  it('end after eight where it never ends', async () => {
    expect(await roundsOf(8, 7, 6, 5, 4, 3, 2, 1, 0.5)).to.equal(8);
  });

  it('take one that is cheaper by a twentieth or less for none', async () => {
    expect(await roundsOf(1, 0.96, 0.96)).to.equal(3);
  });
});
