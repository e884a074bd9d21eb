import { expect } from 'chai';
import fc from 'fast-check';
import { codeOf } from '@trolley/runtime';
import { holdsCardNumber } from './card-number.ts';
import { forcedRefusals, isPaymentMethod } from './payment-method.contract.ts';
import { parsePaymentMethod } from './payment-method.ts';

// Published by the card schemes for tests, 13 to 19 digits.
const cards = [
  '4222222222222',
  '30569309025904',
  '378282246310005',
  '4111111111111111',
  '5555555555554444',
  '2223003122003222',
  '6011111111111117',
  '6304000000000000',
  '6205500000000000004',
];

describe('holdsCardNumber', () => {
  it('finds a number however it is written, and whatever stands around it', () => {
    for (const card of cards) {
      const groups = card.match(/.{1,4}/g) ?? [];
      for (const written of [card, groups.join(' '), groups.join('-'), groups.join('  '), groups.join('_')]) {
        for (const text of [
          written,
          `${written} 12/27 123`,
          `tok_${written}`,
          `x${written}y`,
          `1 ${written}`,
          `\t${written}\n`,
        ]) {
          expect(holdsCardNumber(text), text).to.equal(true);
        }
      }
    }
  });

  it('finds any number that passes the check, and none with one digit changed', () => {
    const withoutCheck = fc.stringMatching(/^[0-9]{12,18}$/);
    fc.assert(
      fc.property(withoutCheck, fc.nat(100), fc.integer({ min: 1, max: 9 }), (digits, at, by) => {
        const last = Array.from('0123456789').filter((digit) => holdsCardNumber(digits + digit));
        expect(last, 'one check digit fits').to.have.length(1);
        const number = digits + (last[0] ?? '');
        const place = at % number.length;
        const changed = (Number(number[place]) + by) % 10;
        expect(holdsCardNumber(number.slice(0, place) + String(changed) + number.slice(place + 1))).to.equal(
          false,
        );
      }),
    );
  });

  it('takes neither shorter nor longer digits for one', () => {
    for (const text of [
      '',
      '0',
      '000000000000',
      '0'.repeat(20),
      '4111111111111112',
      '41111111 x 11111111',
      'tok_visa_4242',
    ]) {
      expect(holdsCardNumber(text), text).to.equal(false);
    }
  });
});

describe('parsePaymentMethod', () => {
  const refused = (text: string, forcing = true) => {
    try {
      parsePaymentMethod(text, { forcing });
      return 'taken';
    } catch (error) {
      expect(String(error), 'what it was must not get into a log').to.match(
        /^ActorError: payment_method must [a-z ,_-]+$/,
      );
      return codeOf(error);
    }
  };

  it('takes names that are known, and those that force an outcome only where they do', () => {
    for (const forcing of [true, false]) expect(parsePaymentMethod('card', { forcing })).to.equal('card');
    for (const name of [...forcedRefusals, 'slow', 'timeout']) {
      expect(parsePaymentMethod(name, { forcing: true })).to.equal(name);
      expect(refused(name, false), name).to.equal('invalid_payment_method');
      expect(isPaymentMethod(name)).to.equal(true);
    }
  });

  it('takes tokens, up to 64 letters, digits, _ and -', () => {
    const tokens = [
      'tok_visa',
      'pm_abc',
      'tok_visa_4242',
      'tok_1MqLiJLkdIwHu7ix',
      'A-1',
      '9',
      'x'.repeat(64),
      'tok_4111111111111112',
      '550e8400-e29b-41d4-a716-446655440000',
    ];
    for (const token of tokens) {
      expect(parsePaymentMethod(token, { forcing: false })).to.equal(token);
    }
  });

  it('refuses names that nobody knows, cards, and what has no such form', () => {
    const wrong = [
      '',
      ' ',
      'bitcoin',
      'Card',
      'CARD',
      'crad',
      'card_declned',
      'apple-pay',
      'tok',
      'tok_',
      'pm_',
      '__proto__',
      'constructor',
      'card ',
      ' card',
      'card\n',
      'tok_é1',
      'tok_١',
      'a\0b1',
      '\ud800',
      'a b1',
      'x1'.repeat(33),
      '4111111111111111 12/27 123',
    ];
    for (const text of wrong) expect(refused(text), JSON.stringify(text)).to.equal('invalid_payment_method');
    for (const card of cards) {
      for (const text of [card, `tok_${card}`, `${card}-123x`]) {
        expect(refused(text), text).to.equal('invalid_payment_method');
      }
    }
  });
});
