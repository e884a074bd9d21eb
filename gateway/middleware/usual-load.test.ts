import { expect } from 'chai';
import { UsualLoad, type Verdict } from './usual-load.ts';

const intervalMs = 40;

interface Interval {
  readonly came?: number;
  readonly answered?: number;
  readonly held?: number;
  readonly underWay?: number;
  readonly ms?: number;
}

describe('UsualLoad', () => {
  /** One interval; default: as many are answered as come, and nobody is held. */
  const interval = (
    usual: UsualLoad,
    { came = 40, answered, held = 0, underWay = 10, ms = intervalMs }: Interval = {},
  ): Verdict => {
    for (let asked = 0; asked < came; asked++) usual.came(underWay + held - 1);
    for (let one = 0; one < (answered ?? came); one++) usual.answered();
    return usual.endInterval(ms, intervalMs, held > 0);
  };
  const times = (count: number, run: () => Verdict) => Array.from({ length: count }, run);
  /** Of whom one is answered each millisecond at best. */
  const openUsual = () => {
    const usual = new UsualLoad();
    times(100, () => interval(usual));
    return usual;
  };
  const surge = (usual: UsualLoad) => interval(usual, { came: 120, answered: 40, underWay: 32, held: 80 });

  it('knows after a second what is usual, and holds nobody before', () => {
    const usual = new UsualLoad();
    times(24, () => interval(usual));
    expect(usual.places).to.equal(Infinity);
    // Nobody was answered: nothing is learnt.
    times(100, () => interval(usual, { answered: 0 }));
    expect(usual.places).to.equal(Infinity);
    interval(usual);
    expect(usual.places).to.equal(32);
  });

  it('tells a surge in the third interval, and its end in the fifth without, or after as long a silence', () => {
    const usual = openUsual();
    expect(times(4, () => surge(usual))).to.deep.equal(['unsure', 'unsure', 'surge', 'surge']);
    expect(times(5, () => interval(usual)).at(-2)).to.equal('surge');
    expect(usual.isSurge).to.equal(false);
    times(3, () => surge(usual));
    interval(usual, { ms: 5 * intervalMs });
    expect(usual.isSurge).to.equal(false);
  });

  it('takes no more than is answered for no surge, however much more than before that is', () => {
    const usual = openUsual();
    const busy = () => interval(usual, { came: 120, answered: 110, underWay: 32, held: 20 });
    expect(times(10, busy)).not.to.include('surge');
  });

  it('tells nothing of who is held while nobody is answered, for a second; then they go on', () => {
    const usual = openUsual();
    const outage = () => interval(usual, { answered: 0, underWay: 32, held: 20 });
    expect(times(24, outage)).to.deep.equal(Array.from({ length: 24 }, () => 'unsure'));
    expect(times(5, outage)).to.deep.equal(Array.from({ length: 5 }, () => 'calm'));
  });

  it('learns what has become usual within a second, and forgets it within a minute', () => {
    const usual = openUsual();
    times(25, () => interval(usual, { underWay: 60 }));
    expect(usual.places).to.be.within(50, 60);
    times(1500, () => interval(usual));
    expect(usual.places).to.be.within(32, 34);
  });

  it('learns little of the moment after a pause, when all comes and is answered at once', () => {
    const usual = openUsual();
    interval(usual, { came: 4000, underWay: 1000 });
    expect(usual.places).to.be.below(36);
    expect(times(3, () => surge(usual)).at(-1)).to.equal('surge');
  });

  it('knows a surge of what costs much, seconds after much more was answered of what costs little', () => {
    const usual = openUsual();
    times(50, () => interval(usual, { came: 160 }));
    times(50, () => interval(usual));
    expect(times(3, () => surge(usual)).at(-1)).to.equal('surge');
  });

  it('takes half the speed for a second for no surge', () => {
    const usual = openUsual();
    const slow = (held: number) => interval(usual, { answered: 20, underWay: 32, held });
    expect(Array.from({ length: 25 }, (_, index) => slow(20 * index + 1))).not.to.include('surge');
  });

  it('lets fewer in during a surge in which less is answered, a few at least, and more as soon as more is', () => {
    const usual = openUsual();
    const surgeOf = (answered: number) => interval(usual, { came: 120, answered, underWay: 32, held: 80 });
    times(3, () => surgeOf(20));
    expect(usual.places).to.be.within(18, 20);
    times(20, () => surgeOf(30));
    expect(usual.places).to.be.within(28, 30);
    times(20, () => surgeOf(0));
    expect(usual.places).to.equal(8);
    times(20, () => surgeOf(40));
    expect(usual.places).to.equal(32);
  });

  it('counts the intervals between answers that come in groups', () => {
    const usual = new UsualLoad();
    const group = () => [20, 0, 0, 0].map((answered) => interval(usual, { came: answered }));
    Array.from({ length: 100 }, group);
    // Twice as many as are answered in the long run, and half of what a group is.
    expect(times(3, () => interval(usual, { came: 10, answered: 5, held: 80 })).at(-1)).to.equal('surge');
  });

  it('learns nothing of a surge', () => {
    const usual = openUsual();
    times(500, () => interval(usual, { came: 120, answered: 40, underWay: 200, held: 300 }));
    expect(usual.places).to.equal(32);
  });
});
