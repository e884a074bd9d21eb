import { expect } from 'chai';
import fc from 'fast-check';
import { BusiestKeys } from './busiest-keys.ts';

describe('the busiest keys', () => {
  const max = 8;

  it('are counted exactly while there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: max - 1 }), { maxLength: 500 }), (names) => {
        const busiest = new BusiestKeys(0, max);
        for (const name of names) busiest.add(String(name));
        for (const name of new Set(names))
          expect(busiest.count(String(name))).to.equal(names.filter((one) => one === name).length);
      }),
    );
  });

  it('are never counted too high, nor much too low, whatever comes, and take no more room than they have', () => {
    // Few that come often among many that come once.
    const name = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 10_000 }));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 2_000 }), (names) => {
        const busiest = new BusiestKeys(0, max);
        const counts = new Map<string, number>();
        for (const each of names.map(String)) {
          busiest.add(each);
          counts.set(each, (counts.get(each) ?? 0) + 1);
          expect(busiest.size).to.be.at.most(max);
        }
        const error = names.length / (max / 2);
        for (const [each, count] of counts)
          expect(busiest.count(each), each).to.be.within(Math.max(0, count - error), count);
      }),
    );
  });

  it('are told as turns per second, and what was long ago is forgotten', () => {
    const busiest = new BusiestKeys(0);
    let now = 0;
    const beat = (hot: number, cold: number) => {
      for (let i = 0; i < hot; i++) busiest.add('hot');
      for (let i = 0; i < cold; i++) busiest.add('cold');
      return busiest.take((now += 1_000), 10);
    };
    for (let second = 0; second < 60; second++) beat(100, 10);
    const [hot, cold] = beat(100, 10);
    expect(hot?.name).to.equal('hot');
    expect(hot?.perSecond).to.be.closeTo(100, 1);
    expect(cold?.perSecond).to.be.closeTo(10, 0.1);
    for (let second = 0; second < 30; second++) beat(0, 50);
    expect(beat(0, 50).map(({ name }) => name)).to.deep.equal(['cold', 'hot']);
    for (let second = 0; second < 120; second++) beat(0, 0);
    expect(busiest.size).to.equal(0);
  });

  it('are as many as were asked for at most, and none when no time has passed', () => {
    const busiest = new BusiestKeys(0);
    for (let i = 0; i < 50; i++) busiest.add(`k${i}`);
    expect(busiest.take(0, 20)).to.deep.equal([]);
    expect(busiest.take(1_000, 20)).to.have.length(20);
  });
});
