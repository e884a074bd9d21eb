import { expect } from 'chai';
import { FakeClock } from '../testing/fake-clock.ts';
import { heldBytes } from '../testing/held-bytes.ts';
import { Deadlines } from './deadlines.ts';

describe('Deadlines', () => {
  it('pass each after its own time, and only if they were not cancelled', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock, 100);
    const passed: string[] = [];
    deadlines.set(() => passed.push('one'));
    const cancel = deadlines.set(() => passed.push('cancelled'));
    await clock.advance(60);
    deadlines.set(() => passed.push('two'));
    cancel();
    await clock.advance(39);
    expect(passed).to.deep.equal([]);
    await clock.advance(1);
    expect(passed).to.deep.equal(['one']);
    await clock.advance(60);
    expect(passed).to.deep.equal(['one', 'two']);
  });

  it('pass also where none was left for a while, and where one sets the next', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock, 100);
    const passed: number[] = [];
    deadlines.set(() => {})();
    await clock.advance(250);
    deadlines.set(() => {
      passed.push(1);
      deadlines.set(() => passed.push(2));
    });
    await clock.advance(100);
    expect(passed).to.deep.equal([1]);
    await clock.advance(100);
    expect(passed).to.deep.equal([1, 2]);
  });

  it('let go of what was cancelled, without a collection of the whole heap', async () => {
    const deadlines = new Deadlines(new FakeClock(), 100);
    const held = await heldBytes((request) => deadlines.set(() => String(request)));
    // Of 20 MB.
    expect(held).to.be.below(2_000_000);
  });
});
