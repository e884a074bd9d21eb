import { expect } from 'chai';
import { silentLogger } from '../../runtime/observe/logger.ts';
import { startRecoverySweep } from './recovery-sweep.ts';

/** A clock whose timers fire when the test says so. */
function createClock() {
  const timers = new Set<() => void>();
  let set: () => void = () => {};
  return {
    now: () => 100_000,
    monotonic: () => 0,
    schedule(_delayMs: number, run: () => void) {
      timers.add(run);
      set();
      return () => timers.delete(run);
    },
    /** Resolves when the sweep has begun to wait. */
    async resting() {
      while (timers.size === 0) await new Promise<void>((resolve) => (set = resolve));
    },
    fire() {
      for (const run of [...timers]) {
        timers.delete(run);
        run();
      }
    },
  };
}

describe('recovery sweep', () => {
  it('wakes at once and each time what was untouched for long, in spite of failures', async () => {
    const clock = createClock();
    const asked: [number, number][] = [];
    const woken: string[] = [];
    let down = false;
    const sweep = startRecoverySweep({
      name: 'checkouts',
      store: {
        async unfinished(untouchedSince, limit) {
          asked.push([untouchedSince, limit]);
          if (down) throw new Error('no database');
          return ['a', 'full', 'b'];
        },
      },
      async resume(key) {
        if (key === 'full') throw new Error('mailbox full');
        woken.push(key);
      },
      clock,
      logger: silentLogger,
      pollMs: 5000,
      maxBatch: 3,
    });
    await clock.resting();
    expect(asked).to.deep.equal([[90_000, 3]]);
    expect(woken).to.deep.equal(['a', 'b']);
    down = true;
    clock.fire();
    await clock.resting();
    down = false;
    clock.fire();
    await clock.resting();
    expect(woken).to.deep.equal(['a', 'b', 'a', 'b']);
    await sweep.stop();
    expect(asked.length).to.equal(3);
  });
});
