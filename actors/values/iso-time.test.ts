import { expect } from 'chai';
import fc from 'fast-check';
import { isoTime } from './iso-time.ts';

describe('isoTime', () => {
  const byDate = (ms: number) => new Date(ms).toISOString();

  it('writes what Date writes', () => {
    const edges = [
      0, -1, 1, 86_399_999, 86_400_000, -62_167_219_200_001, 253_402_300_800_000, -8.64e15, 8.64e15,
    ];
    for (const ms of [...edges, 1_700_000_000_000.9, -0.5]) expect(isoTime(ms)).to.equal(byDate(ms));
    const today = fc.integer({ min: 1_790_000_000_000, max: 1_790_200_000_000 });
    const any = fc.integer({ min: -8.64e15, max: 8.64e15 });
    fc.assert(
      fc.property(fc.oneof(today, any), (ms) => {
        expect(isoTime(ms)).to.equal(byDate(ms));
      }),
    );
  });

  it('refuses what is no time', () => {
    for (const ms of [NaN, Infinity, 8.65e15]) expect(() => isoTime(ms)).to.throw(RangeError);
    expect(isoTime(0)).to.equal('1970-01-01T00:00:00.000Z');
  });
});
