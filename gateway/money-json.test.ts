import { expect } from 'chai';
import fc from 'fast-check';
import { Money, toJsonText, writtenOnce, type Json } from './money-json.ts';

describe('toJsonText', () => {
  it('prints money with two decimals, exactly', () => {
    const printed = [0, 1, 10, 99, 100, 129_999, 130_000, 262_997, -5].map((cents) =>
      toJsonText(new Money(cents)),
    );
    expect(printed).to.deep.equal([
      '0.00', '0.01', '0.10', '0.99', '1.00', '1299.99', '1300.00', '2629.97', '-0.05',
    ]); // prettier-ignore
  });

  it('parses back to the same amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 13 }), (cents) => {
        expect(Math.round(Number(toJsonText(new Money(cents))) * 100)).to.equal(cents);
      }),
    );
  });

  it('is JSON.stringify for everything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toJsonText(JSON.parse(JSON.stringify(value)) as Json)).to.equal(JSON.stringify(value));
      }),
    );
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.dictionary(text, text), (value) => {
        expect(toJsonText(value)).to.equal(JSON.stringify(value));
      }),
    );
    for (const value of ['', '\u007f', '"', '\\', '\n', '\ud800', 'é', -0, NaN, true, [], {}, [[], {}, ['']]])
      expect(toJsonText(value)).to.equal(JSON.stringify(value));
    expect(toJsonText({ a: undefined, b: [new Money(5)] })).to.equal('{"b":[0.05]}');
  });

  it('writes names of members as they are, however many there have been', () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`name "${n}"`, n]));
    for (let time = 0; time < 2; time++) expect(toJsonText(many)).to.equal(JSON.stringify(many));
  });

  it('refuses what is no number of cents', () => {
    for (const cents of [0.5, Number.NaN, Infinity]) expect(() => new Money(cents)).to.throw(RangeError);
  });
});

describe('writtenOnce', () => {
  it('writes a value once, and any other by itself', () => {
    let times = 0;
    const text = writtenOnce(({ cents }: { readonly cents: number }) => {
      times += 1;
      return { price: new Money(cents) };
    });
    const [one, equal, other] = [{ cents: 5 }, { cents: 5 }, { cents: 6 }];
    const written = [one, one, equal, other, one].map((value) => toJsonText(text(value)));
    expect(written).to.deep.equal(
      ['0.05', '0.05', '0.05', '0.06', '0.05'].map((price) => `{"price":${price}}`),
    );
    expect(times).to.equal(3);
    expect(toJsonText([text(one), text(other)])).to.equal('[{"price":0.05},{"price":0.06}]');
  });
});
