import { expect } from 'chai';
import { Figures } from '../measure/figures.ts';
import { at, growthBars } from './growth.ts';

describe('growth with the size', () => {
  const adds = { name: 'adds', what: 'processor ms', sizes: [1_000, 1_000_000], of: 'carts' };

  function measured(small: readonly number[], large: readonly number[]): Figures {
    const figures = new Figures();
    for (const value of small) figures.add(`${at('adds', 1_000)}: processor ms`, value);
    for (const value of large) figures.add(`${at('adds', 1_000_000)}: processor ms`, value);
    return figures;
  }

  it('holds the largest size against the smallest, round by round', () => {
    // The machine was slower in the last round, for both.
    const [bar] = growthBars(measured([1, 1, 4], [1.05, 1.2, 4.2]), [adds]);
    expect(bar).to.deep.include({ ok: true, name: 'adds: processor ms, 1,000,000 carts ÷ 1,000' });
    expect(bar?.value).to.be.closeTo(1.05, 1e-9);
  });

  it('falls short above a tenth', () => {
    const [bar] = growthBars(measured([1, 1, 1], [1.2, 1.11, 1.3]), [adds]);
    expect(bar?.ok).to.equal(false);
  });

  it('has no bar for what was not measured', () => {
    expect(growthBars(new Figures(), [adds])).to.deep.equal([]);
  });
});
