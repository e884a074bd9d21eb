import { expect } from 'chai';
import fc from 'fast-check';
import { isWithinBounds, maxDepth, maxValues } from './json-bounds.ts';

const fits = (text: string) => isWithinBounds(Buffer.from(text));
/** So long that it is looked at. */
const padded = (json: string) => `${' '.repeat(5_000)}${json}`;

describe('isWithinBounds', () => {
  it('takes as many values as there may be, and not one more', () => {
    const list = (count: number) => JSON.stringify(Array(count).fill(0));
    expect(fits(padded(list(maxValues)))).to.equal(true);
    expect(fits(padded(list(maxValues + 1)))).to.equal(false);
    const object = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 0])));
    expect(fits(padded(object(maxValues)))).to.equal(true);
    expect(fits(padded(object(maxValues + 1)))).to.equal(false);
    expect(fits(padded(`[${'{},'.repeat(maxValues / 2)}{}]`))).to.equal(false);
  });

  it('takes values as deep within each other as they may be, and no deeper', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (depth: number) => padded(`${open.repeat(depth)}1${close.repeat(depth)}`);
      expect(fits(nested(maxDepth)), open).to.equal(true);
      expect(fits(nested(maxDepth + 1)), open).to.equal(false);
    }
    expect(fits(padded('[[1],[2]]'.repeat(20)))).to.equal(true);
  });

  it('takes no notice of what stands in texts', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', 'ä'), minLength: 5_000 }),
        (text) => {
          expect(fits(JSON.stringify({ text }))).to.equal(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('looks at nothing that is short', () => {
    expect(fits('['.repeat(4_096))).to.equal(true);
    expect(fits('['.repeat(4_097))).to.equal(false);
  });
});
