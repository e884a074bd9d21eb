import { expect } from 'chai';
import { createLogger, silentLogger } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { createShedding, type Load, type Shedding } from './load-shedding.ts';

const aboveMs = 200;

/** Actors that answer so many asks a second, one after the other, whoever asks. */
class Queue {
  readonly waits: number[] = [];
  refused = 0;
  readonly #clock: FakeClock;
  readonly #shedding: Shedding;
  readonly #everyMs: number;
  #freeAt = 0;

  constructor(clock: FakeClock, shedding: Shedding, perSecond: number) {
    this.#clock = clock;
    this.#shedding = shedding;
    this.#everyMs = 1000 / perSecond;
  }

  ask(): void {
    if (this.#shedding.refusalOf('ask') !== undefined) {
      this.refused += 1;
      return;
    }
    const now = this.#clock.monotonic();
    this.#freeAt = Math.max(this.#freeAt, now) + this.#everyMs;
    const waitMs = this.#freeAt - now;
    void this.#shedding.counted(
      new Promise<void>((resolve) => {
        this.#clock.schedule(waitMs, () => {
          this.waits.push(waitMs);
          resolve();
        });
      }),
    );
  }

  /** Asks at an even rate for so long. */
  async load(
    perSecond: number,
    ms: number,
  ): Promise<{ answered: number; refused: number; longestMs: number }> {
    [this.waits.length, this.refused] = [0, 0];
    for (let asked = 0; asked < (perSecond * ms) / 1000; asked++) {
      this.ask();
      await this.#clock.advance(1000 / perSecond);
    }
    const { waits, refused } = this;
    return { answered: waits.length, refused, longestMs: Math.max(...waits) };
  }
}

describe('load shedding', () => {
  const open = () => {
    const clock = new FakeClock();
    const loopDelay = { ms: 0 };
    const shedding = createShedding({ clock, logger: silentLogger, loopDelay, aboveMs });
    return { clock, loopDelay, shedding };
  };
  const isRefused = (shedding: Shedding, load: Load) => shedding.refusalOf(load) !== undefined;

  it('refuses nothing that can be answered, nor a burst that is over within a second', async () => {
    const { clock, shedding } = open();
    const queue = new Queue(clock, shedding, 500);
    expect((await queue.load(480, 3000)).refused).to.equal(0);
    for (let asked = 0; asked < 400; asked++) queue.ask();
    await clock.advance(900);
    expect((await queue.load(480, 3000)).refused).to.equal(0);
  });

  it('lets in what can be answered soon at three times the load, and all of it again a second after that', async () => {
    const { clock, shedding } = open();
    const queue = new Queue(clock, shedding, 500);
    await queue.load(1500, 3000);
    const over = await queue.load(1500, 3000);
    expect(over.longestMs).to.be.below(2 * aboveMs);
    // The actors never stand still meanwhile.
    expect(over.answered).to.be.within(1450, 1550);
    expect(over.refused).to.be.within(2900, 3100);
    await queue.load(400, 2000);
    expect((await queue.load(400, 1000)).refused).to.equal(0);
  });

  it('lets everybody in after a second in which nobody asked', async () => {
    const { clock, shedding } = open();
    const queue = new Queue(clock, shedding, 100);
    await queue.load(2000, 2500);
    while (!isRefused(shedding, 'ask')) queue.ask();
    // Those who wait still have their answers by then.
    await clock.advance(15_000);
    queue.refused = 0;
    for (let asked = 0; asked < 500; asked++) queue.ask();
    expect(queue.refused).to.equal(0);
  });

  it('refuses a new checkout where asks are refused, and lets go on what has begun', async () => {
    const { clock, shedding } = open();
    const queue = new Queue(clock, shedding, 100);
    await queue.load(2000, 2500);
    while (!isRefused(shedding, 'ask')) queue.ask();
    const loads = (['saga', 'underway', 'read', 'probe'] as const).map((load) => isRefused(shedding, load));
    expect(loads).to.deep.equal([true, false, false, false]);
  });

  it('changes nothing where nobody is answered at all: that is no load', async () => {
    const { clock, shedding } = open();
    const never = new Promise<never>(() => undefined);
    for (let asked = 0; asked < 500; asked++) {
      expect(isRefused(shedding, 'ask')).to.equal(false);
      void shedding.counted(never);
      await clock.advance(20);
    }
  });

  it('takes no refusal for a quick answer', async () => {
    const { clock, shedding } = open();
    const queue = new Queue(clock, shedding, 100);
    let isFull = false;
    for (let asked = 0; asked < 4000; asked++) {
      isFull ||= isRefused(shedding, 'ask');
      queue.ask();
      shedding.counted(Promise.reject(new Error('refused'))).catch(() => undefined);
      await clock.advance(1);
    }
    expect(isFull).to.equal(true);
  });

  it('goes by how late the process is: health always, what has begun until it is twice as late', () => {
    const { loopDelay, shedding } = open();
    const refusedAt = (ms: number) => {
      loopDelay.ms = ms;
      return (['probe', 'underway', 'read', 'ask', 'saga'] as const).filter((load) =>
        isRefused(shedding, load),
      );
    };
    expect(refusedAt(aboveMs)).to.deep.equal([]);
    expect(refusedAt(aboveMs + 1)).to.deep.equal(['read', 'ask', 'saga']);
    expect(refusedAt(2 * aboveMs + 1)).to.deep.equal(['underway', 'read', 'ask', 'saga']);
    expect(refusedAt(0)).to.deep.equal([]);
  });

  it('says when to try again, and tells the log once in a while how many it was', async () => {
    const clock = new FakeClock();
    const loopDelay = { ms: aboveMs + 1 };
    const lines: string[] = [];
    const logger = createLogger('warn', { write: (line: string) => lines.push(line) });
    const shedding = createShedding({ clock, logger, loopDelay, aboveMs });
    for (let second = 0; second < 12; second++) {
      const refusal = shedding.refusalOf('read');
      expect(refusal).to.include({ code: 'unavailable' });
      expect(refusal?.details).to.deep.equal({ overloaded: true, retryAfterMs: 1000 });
      await clock.advance(1000);
    }
    expect(lines.map((line) => (JSON.parse(line) as { refused: number }).refused)).to.deep.equal([1, 10]);
  });

  it('is off at 0', () => {
    const clock = new FakeClock();
    const shedding = createShedding({ clock, logger: silentLogger, loopDelay: { ms: 9_999 }, aboveMs: 0 });
    expect(isRefused(shedding, 'ask')).to.equal(false);
  });
});
