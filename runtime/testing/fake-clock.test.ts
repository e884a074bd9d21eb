import { expect } from 'chai';
import { pause } from '../define/clock.ts';
import { FakeClock } from './fake-clock.ts';

describe('a fake clock', () => {
  it('stands still until it is moved', async () => {
    const clock = new FakeClock(1_000);
    await clock.runUntilIdle();
    expect([clock.now(), clock.monotonic()]).to.deep.equal([1_000, 0]);
    await clock.advance(5);
    expect([clock.now(), clock.monotonic()]).to.deep.equal([1_005, 5]);
  });

  it('runs timers at their time, in the order due, first come first', async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name}@${clock.monotonic()}`);
    clock.schedule(20, note('late'));
    clock.schedule(10, note('one'));
    clock.schedule(10, note('two'));
    clock.schedule(30, note('never'))();
    clock.schedule(40, note('beyond'));
    await clock.advance(35);
    expect(ran).to.deep.equal(['one@10', 'two@10', 'late@20']);
    expect(clock.monotonic()).to.equal(35);
  });

  it('lets happen what follows from a timer before the next one', async () => {
    const clock = new FakeClock();
    let rounds = 0;
    const loop = async () => {
      for (;;) {
        await pause(clock, 10);
        rounds++;
      }
    };
    void loop();
    await clock.advance(100);
    expect(rounds).to.equal(10);
  });
});
