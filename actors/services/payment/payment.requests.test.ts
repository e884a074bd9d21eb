import { expect } from 'chai';
import fc from 'fast-check';
import { codeOf } from '@trolley/runtime';
import { formatAmount, parseAmount, parseCurrency } from './payment.requests.ts';

const codeThrown = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return codeOf(error);
  }
  return 'nothing';
};

describe('what a payment request may say', () => {
  it('an amount, to the cent', () => {
    const amounts: [string, number][] = [
      ['2629.97', 262997],
      ['0.01', 1],
      ['29.9', 2990],
      ['7', 700],
      ['1.00', 100],
      ['9999999999.99', 999999999999],
    ];
    for (const [text, cents] of amounts) expect(parseAmount(text), text).to.equal(cents);
  });

  it('no amount that is not above 0, or not strictly a decimal', () => {
    const wrong = [
      '',
      '0',
      '0.00',
      '-1',
      '+1',
      '1.',
      '.5',
      '1.234',
      '01',
      '1e3',
      '1,5',
      ' 1',
      '1 ',
      '1\n',
      'NaN',
      '٣',
      '10000000000',
    ];
    for (const text of wrong)
      expect(
        codeThrown(() => parseAmount(text)),
        JSON.stringify(text),
      ).to.equal('invalid_request');
  });

  it('any amount as it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999_999 }), (cents) => {
        expect(parseAmount(formatAmount(cents))).to.equal(cents);
      }),
    );
  });

  it('a currency, dollars when none is named', () => {
    expect(parseCurrency('')).to.equal('USD');
    expect(parseCurrency('EUR')).to.equal('EUR');
    for (const text of ['eur', 'EURO', '€', 'EU1']) {
      expect(
        codeThrown(() => parseCurrency(text)),
        text,
      ).to.equal('invalid_request');
    }
  });
});
