import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { TurnShare } from './turn-share.ts';

describe('TurnShare', () => {
  it('lets some go on at once, and the rest in the next turns of the event loop, in order', async () => {
    const share = new TurnShare();
    const went: number[] = [];
    const ask = async (index: number) => {
      await share.next();
      went.push(index);
    };
    for (let index = 0; index < 100; index++) void ask(index);
    const byTurn: number[] = [];
    while (went.length < 100) {
      byTurn.push(went.length);
      await nextTurn();
    }
    // Of the first turn, those at once and those at its end.
    expect(byTurn).to.deep.equal([0, 64, 96]);
    expect(went).to.deep.equal(Array.from({ length: 100 }, (_, index) => index));
    await nextTurn();
    expect(share.next()).to.equal(undefined);
  });

  it('keeps no more than some thousands waiting', () => {
    const share = new TurnShare();
    const waiting = Array.from({ length: 10_000 }, () => share.next()).filter((each) => each !== undefined);
    expect(waiting.length).to.equal(4096);
  });
});
