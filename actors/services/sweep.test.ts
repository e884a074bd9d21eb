import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { silentLogger } from '@trolley/runtime';
import { startSweep } from './sweep.ts';
import { ManualClock } from './testing/manual-clock.ts';

describe('a sweep', () => {
  const everyMs = 60_000;

  /** Removes from a pile of `left` in batches of 500. */
  function overAPile(left: number) {
    const clock = new ManualClock();
    const batches: number[] = [];
    const sweep = startSweep({
      clock,
      everyMs,
      logger: silentLogger,
      async round() {
        const batch = Math.min(500, left);
        left -= batch;
        batches.push(batch);
        return batch;
      },
    });
    return { clock, batches, sweep };
  }

  it('goes on until nothing is left, and comes back after its time', async () => {
    const { clock, batches, sweep } = overAPile(1200);
    expect(batches).to.deep.equal([]);
    clock.advance(everyMs);
    while (clock.waiting === 0) await nextTurn();
    expect(batches).to.deep.equal([500, 500, 200, 0]);
    clock.advance(everyMs);
    await sweep.close();
    expect(batches).to.deep.equal([500, 500, 200, 0, 0]);
  });

  it('begins no batch once it is closed', async () => {
    const { clock, batches, sweep } = overAPile(1_000_000);
    clock.advance(everyMs);
    await sweep.close();
    expect(batches).to.have.length.of.at.most(2);
    expect(clock.waiting).to.equal(0);
  });
});
