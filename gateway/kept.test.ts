import { expect } from 'chai';
import { ManualClock } from '../actors/services/testing/manual-clock.ts';
import { Kept } from './kept.ts';

describe('Kept', () => {
  let clock: ManualClock;
  let kept: Kept<{ readonly at: string }>;
  let asked: { answer: (at: string) => void; fail: (error: Error) => void }[];
  let stale: unknown[];
  beforeEach(() => {
    clock = new ManualClock();
    asked = [];
    stale = [];
    const onStale = (error: unknown) => void stale.push(error);
    kept = new Kept({ clock, maxAgeMs: 1000, renewMs: 250, capacity: 2, sizeOf: () => 1, onStale });
  });

  const get = (key = 'a', since?: number) =>
    kept.get(key, () => new Promise((resolve, reject) => asked.push({ answer: (at) => resolve({ at }), fail: reject })), since); // prettier-ignore
  /** Gets `key`, of which nothing is kept. */
  async function begin(at: string, key?: string): Promise<void> {
    const first = get(key);
    asked.at(-1)?.answer(at);
    expect(await first).to.deep.equal({ at });
  }

  it('asks once for all who come at once, and then for a while', async () => {
    const all = [get(), get(), get()];
    asked[0]?.answer('0');
    for (const each of all) expect(await each).to.deep.equal({ at: '0' });
    clock.advance(249);
    expect(await get()).to.deep.equal({ at: '0' });
    expect(asked).to.have.length(1);
  });

  it('gives what it has while a newer one is on its way, and asks once for that', async () => {
    await begin('0');
    clock.advance(250);
    for (const ms of [0, 300, 450]) {
      clock.advance(ms);
      expect(await get()).to.deep.equal({ at: '0' });
    }
    expect(asked).to.have.length(2);
    asked[1]?.answer('250');
    await new Promise(setImmediate);
    expect(await get()).to.deep.equal({ at: '250' });
  });

  it('gives nothing that was asked for more than the longest age ago', async () => {
    await begin('0');
    clock.advance(1000);
    expect(await get()).to.deep.equal({ at: '0' });
    clock.advance(1);
    const waiting = get();
    asked[1]?.answer('1000');
    expect(await waiting).to.deep.equal({ at: '1000' });
  });

  it('counts the age from when it was asked for, however late it comes', async () => {
    const first = get();
    clock.advance(900);
    asked[0]?.answer('0');
    expect(await first).to.deep.equal({ at: '0' });
    clock.advance(101);
    const second = get();
    asked[1]?.answer('1001');
    expect(await second).to.deep.equal({ at: '1001' });
  });

  it('does not wait for an answer that would be too old', async () => {
    const slow = get();
    clock.advance(1001);
    const second = get();
    expect(asked).to.have.length(2);
    asked[1]?.answer('1001');
    expect(await second).to.deep.equal({ at: '1001' });
    asked[0]?.answer('0');
    expect(await slow).to.deep.equal({ at: '0' });
    expect(await get()).to.deep.equal({ at: '1001' });
  });

  it('lives on what it has when asking fails, tries again after a while, and fails when that is too old', async () => {
    await begin('0');
    clock.advance(250);
    await get();
    asked[1]?.fail(new Error('down'));
    await new Promise(setImmediate);
    expect(stale.map(String)).to.deep.equal(['Error: down']);
    expect(await get()).to.deep.equal({ at: '0' });
    expect(asked).to.have.length(2);
    clock.advance(250);
    expect(await get()).to.deep.equal({ at: '0' });
    expect(asked).to.have.length(3);
    asked[2]?.fail(new Error('down'));
    clock.advance(501);
    await new Promise(setImmediate);
    const late = get().catch(String);
    asked[3]?.fail(new Error('still down'));
    expect(await late).to.equal('Error: still down');
    await begin('up');
  });

  it('gives nothing from before the moment that is asked for', async () => {
    await begin('0');
    clock.advance(10);
    const since = clock.monotonic();
    const fresh = get('a', since);
    const joined = get('a', since);
    expect(asked).to.have.length(2);
    asked[1]?.answer('10');
    expect([await fresh, await joined]).to.deep.equal([{ at: '10' }, { at: '10' }]);
    expect(await get('a', since)).to.deep.equal({ at: '10' });
  });

  it('keeps so much and no more, and that which was used last', async () => {
    await begin('0', 'a');
    await begin('0', 'b');
    await get('a');
    await begin('0', 'c');
    await get('a');
    expect(asked).to.have.length(3);
    await begin('0', 'b');
    expect(asked).to.have.length(4);
  });

  it('does not keep what is larger than all that it may keep', async () => {
    const small = new Kept<object>({
      clock,
      maxAgeMs: 1,
      renewMs: 1,
      capacity: 2,
      sizeOf: () => 3,
      onStale: () => expect.fail(),
    });
    let times = 0;
    for (const _ of [1, 2]) await small.get('a', async () => ({ times: ++times }));
    expect(times).to.equal(2);
  });
});
