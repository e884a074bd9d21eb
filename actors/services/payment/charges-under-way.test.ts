import { expect } from 'chai';
import { codeOf, systemClock } from '@trolley/runtime';
import { ChargesUnderWay } from './charges-under-way.ts';

const charge = (checkoutId: string) => ({ checkoutId, amountCents: 100, currency: 'USD' });
const never = () => Promise.reject(new Error('must not be decided'));

describe('ChargesUnderWay', () => {
  it('thinks over many charges at once without a word from Node, and ends them all undecided', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', listen);
    const underWay = new ChargesUnderWay(systemClock);
    const outcomes = Array.from({ length: 50 }, (_, index) =>
      underWay.charge(charge(`c-${index}`), 60_000, never).catch(codeOf),
    );
    underWay.close();
    expect(new Set(await Promise.all(outcomes))).to.deep.equal(new Set(['unavailable']));
    // Node tells of a warning in a later tick.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warnings).to.deep.equal([]);
  });
});
