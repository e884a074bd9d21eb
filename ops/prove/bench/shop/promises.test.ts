import { expect } from 'chai';
import { Figures } from '../measure/figures.ts';
import { judge, renderVerdicts } from './promises.ts';

describe('What is promised of the shop', () => {
  it('holds a ratio to its bar by the median of the rounds, each against its own reference', () => {
    const figures = new Figures();
    for (const [cart, empty] of [
      [100, 1_000],
      [500, 1_000],
      [900, 2_000],
    ] as const) {
      figures.add('cart: per s', cart);
      figures.add('empty: per s', empty);
    }
    const [verdict] = judge(figures);
    expect(verdict).to.include({ what: 'GET cart', value: 500, ratio: 0.45, asked: '≥ 0.4', ok: true });
  });

  it('falls short of a least and of a most', () => {
    const figures = new Figures();
    figures.add('checkouts: per s', 349);
    figures.add('memory MiB', 601);
    expect(judge(figures).map(({ ok }) => ok)).to.deep.equal([false, false]);
  });

  it('says of a missing reference that nothing was measured, and leaves out what was not asked for', () => {
    const figures = new Figures();
    figures.add('adds: per s', 1_000);
    const verdicts = judge(figures);
    expect(verdicts).to.have.length(1);
    expect(verdicts[0]?.ok).to.be.true;
    expect(renderVerdicts(verdicts).at(-1)).to.match(/pgbench -N – .*not measured$/);
  });
});
