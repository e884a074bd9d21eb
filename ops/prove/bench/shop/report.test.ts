import { expect } from 'chai';
import { Figures } from '../measure/figures.ts';
import { slownessNote } from './report.ts';

describe('What the shop bench says of its machine', () => {
  const noteOf = (empty: number, pgbench: number) => {
    const figures = new Figures();
    figures.add('empty: per s', empty);
    figures.add('pgbench: per s', pgbench);
    return slownessNote(figures);
  };

  it('tells where it is slower than those that the bars were set for', () => {
    expect(noteOf(21_000, 7_500)).to.deep.equal([
      'Bars in /s and ms are for a machine on which an empty Koa route does 30,000/s (here 21,000/s): read the ratios.',
    ]);
    expect(noteOf(21_000, 4_500)[0]).to.include(' and pgbench -N does 7,000/s (here 4,500/s)');
  });

  it('has nothing to say of one that is as fast, or that was not measured', () => {
    expect(noteOf(30_000, 7_000)).to.deep.equal([]);
    expect(slownessNote(new Figures())).to.deep.equal([]);
  });
});
