import { expect } from 'chai';
import { FakeClock } from '@trolley/runtime/testing';
import { LoopDelay } from './loop-delay.ts';

/** A clock whose timers run late by what a test says. */
class LateClock extends FakeClock {
  lateMs = 0;

  override schedule(delayMs: number, run: () => void) {
    return super.schedule(delayMs + this.lateMs, run);
  }
}

describe('LoopDelay', () => {
  it('is the least of a second, so that one pause is none', async () => {
    const clock = new LateClock();
    const delay = new LoopDelay(clock);
    await clock.advance(1000);
    expect(delay.ms).to.equal(0);
    clock.lateMs = 300;
    await clock.advance(400);
    clock.lateMs = 0;
    await clock.advance(1000);
    expect(delay.ms).to.equal(0);
  });

  it('shows a process that comes late for a second, and no longer than that', async () => {
    const clock = new LateClock();
    const delay = new LoopDelay(clock);
    clock.lateMs = 300;
    await clock.advance(30 * 350);
    expect(delay.ms).to.equal(300);
    clock.lateMs = 0;
    await clock.advance(500);
    expect(delay.ms).to.equal(0);
    delay.stop();
    clock.lateMs = 300;
    await clock.advance(30_000);
    expect(delay.ms).to.equal(0);
  });
});
