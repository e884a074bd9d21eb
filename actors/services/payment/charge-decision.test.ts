import { expect } from 'chai';
import { decideCharge, parseDelayRange, type DecisionOptions } from './charge-decision.ts';

const options = (change: Partial<DecisionOptions> = {}): DecisionOptions => ({
  successRate: 1,
  random: () => 0.5,
  magicPaymentMethods: true,
  ...change,
});
const checkouts = Array.from({ length: 2000 }, (_, n) => `checkout-${n}`);

describe('decideCharge', () => {
  it('follows the success rate to both ends', () => {
    for (const random of [() => 0, () => 0.999999]) {
      expect(decideCharge('c', 'card', options({ random }))).to.equal(undefined);
      expect(decideCharge('c', 'card', options({ random, successRate: 0 }))).to.be.a('string');
    }
  });

  it('draws the reason as well', () => {
    const drawn = [0.99, 0];
    expect(decideCharge('c', '', options({ successRate: 0.95, random: () => drawn.shift() ?? 0 }))).to.equal(
      'no_funds',
    );
    drawn.push(0.99, 0.99);
    expect(decideCharge('c', '', options({ successRate: 0.95, random: () => drawn.shift() ?? 0 }))).to.equal(
      'network_error',
    );
  });

  it('depends on seed and checkout alone when there is a seed', () => {
    const random = () => expect.fail('chance was asked');
    const seeded = (seed: string) =>
      checkouts.map((id) => decideCharge(id, 'card', options({ seed, random, successRate: 0.95 })));
    const outcomes = seeded('one');
    expect(seeded('one')).to.deep.equal(outcomes);
    expect(seeded('two')).not.to.deep.equal(outcomes);
    const refused = outcomes.filter((reason) => reason !== undefined);
    expect(refused.length, 'about one in twenty').to.be.within(60, 140);
    expect(new Set(refused)).to.have.property('size', 5);
  });

  it('lets a payment method force the outcome in development mode only', () => {
    for (const method of ['card_declined', 'no_funds', 'card_expired', 'invalid_ccv', 'network_error']) {
      expect(decideCharge('c', method, options())).to.equal(method);
      expect(decideCharge('c', method, options({ magicPaymentMethods: false })), method).to.equal(undefined);
    }
    for (const method of ['slow', 'timeout']) {
      expect(decideCharge('c', method, options({ successRate: 0 })), method).to.equal(undefined);
      expect(decideCharge('c', method, options({ successRate: 0, magicPaymentMethods: false }))).to.be.a(
        'string',
      );
    }
  });
});

describe('parseDelayRange', () => {
  it('reads a number or a range', () => {
    expect(parseDelayRange('1000-2000')).to.deep.equal({ minMs: 1000, maxMs: 2000 });
    expect(parseDelayRange('50')).to.deep.equal({ minMs: 50, maxMs: 50 });
    expect(parseDelayRange('0')).to.deep.equal({ minMs: 0, maxMs: 0 });
  });

  it('refuses anything else', () => {
    for (const text of ['', 'x', '-1', '2-1', '1-', '1.5', '1 - 2', '9999999']) {
      expect(() => parseDelayRange(text), text).to.throw(RangeError, text);
    }
  });
});
