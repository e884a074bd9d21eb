import { expect } from 'chai';
import fc from 'fast-check';
import { cutJson, excerptOf } from './excerpt.ts';

describe('an excerpt', () => {
  it('is the whole of what is small', () => {
    expect(excerptOf({ a: 'ä' }, 100)).to.deep.equal({ json: '{"a":"ä"}', bytes: 10, isCut: false });
    expect(excerptOf({ a: 'ä' }, 10)).to.deep.equal({ json: '{"a":"ä"}', bytes: 10, isCut: false });
  });

  it('is the beginning of what is large, at most so many bytes, and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 40 }), (text, maxBytes) => {
        const whole = JSON.stringify(text);
        const { json, bytes, isCut } = cutJson(whole, maxBytes);
        expect(bytes).to.equal(Buffer.byteLength(whole));
        expect(isCut).to.equal(bytes > maxBytes);
        expect(Buffer.byteLength(json)).to.be.at.most(Math.max(maxBytes, isCut ? 0 : bytes));
        expect(whole.startsWith(json)).to.equal(true);
        // Nothing is cut that would have fitted, but for a character.
        if (isCut) expect(Buffer.byteLength(json)).to.be.above(maxBytes - 4);
      }),
    );
  });

  it('tells in words what JSON cannot', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(excerptOf(circle, 1_000).json).to.match(/^"it cannot be told as JSON: .*circular/);
    expect(excerptOf(undefined, 10).json).to.equal('null');
  });
});
