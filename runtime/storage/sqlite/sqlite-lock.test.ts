import { expect } from 'chai';
import { codeOf } from '../../define/errors.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { whenUnlocked } from './sqlite-lock.ts';

describe('whenUnlocked', () => {
  /** Locked until the clock says so; then `read`. */
  const lockedUntil = (clock: FakeClock, ms: number, code: string) => () => {
    if (clock.monotonic() < ms) throw Object.assign(new Error('database is locked'), { code });
    return 'read';
  };

  it('asks at once, and pays nothing where nobody stands in the way', async () => {
    const clock = new FakeClock();
    expect(await whenUnlocked('x.sqlite', { clock }, () => 'read')).to.equal('read');
    expect(clock.monotonic()).to.equal(0);
  });

  // The second is what a reader meets while another process mends the log of one that was killed.
  for (const code of ['SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY'])
    it(`comes again after ${code}`, async () => {
      const clock = new FakeClock();
      const reading = whenUnlocked('x.sqlite', { clock }, lockedUntil(clock, 1_900, code));
      await clock.advance(2_000);
      expect(await reading).to.equal('read');
    });

  it('gives up in the end', async () => {
    const clock = new FakeClock();
    const reading = whenUnlocked('x.sqlite', { clock }, lockedUntil(clock, 9_999, 'SQLITE_BUSY')).catch(
      codeOf,
    );
    await clock.advance(2_100);
    expect(await reading).to.equal('unavailable');
  });

  it('takes nothing else for a lock', async () => {
    const clock = new FakeClock();
    const wrong = Object.assign(new Error('UNIQUE constraint failed'), { code: 'SQLITE_CONSTRAINT_UNIQUE' });
    const reading = whenUnlocked('x.sqlite', { clock }, () => {
      throw wrong;
    });
    expect(await reading.catch((error: unknown) => error)).to.equal(wrong);
  });
});
