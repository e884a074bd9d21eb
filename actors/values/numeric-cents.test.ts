import { expect } from 'chai';
import fc from 'fast-check';
import { centsFromNumeric, numericFromCents } from './numeric-cents.ts';

describe('cents and NUMERIC', () => {
  it('converts without a float', () => {
    for (const [cents, text] of [
      [262997, '2629.97'],
      [0, '0.00'],
      [5, '0.05'],
      [-120, '-1.20'],
      [Number.MAX_SAFE_INTEGER, '90071992547409.91'],
    ] as const) {
      expect(numericFromCents(cents)).to.equal(text);
      expect(centsFromNumeric(text)).to.equal(cents);
    }
  });

  it('reads however many zeros the database shows', () => {
    expect(centsFromNumeric('12')).to.equal(1200);
    expect(centsFromNumeric('12.5')).to.equal(1250);
    expect(centsFromNumeric('12.5000')).to.equal(1250);
    expect(Object.is(centsFromNumeric('-0.00'), 0)).to.equal(true);
  });

  it('is its own inverse', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => Object.is(centsFromNumeric(numericFromCents(n)), n || 0)),
    );
  });

  it('refuses what is no amount in cents', () => {
    for (const text of ['', '1.234', '1e3', 'NaN', '.5', '1,00', '99999999999999999.00']) {
      expect(() => centsFromNumeric(text), text).to.throw(RangeError);
    }
    expect(() => numericFromCents(1.5)).to.throw(RangeError);
  });
});
