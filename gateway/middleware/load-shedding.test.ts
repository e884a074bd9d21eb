import { expect } from 'chai';
import { createLogger, silentLogger } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { createShedding, type Load, type Shedding } from './load-shedding.ts';

const aboveMs = 200;

/** Actors that answer so many asks a second, one after the other, whoever asks. */
class Queue {
  readonly waits: number[] = [];
  readonly refusedAfterMs: number[] = [];
  refused = 0;
  readonly #clock: FakeClock;
  readonly #shedding: Shedding;
  #everyMs: number;
  #freeAt = 0;
  #slowerMs = 0;
  #refusalMs = 0;

  constructor(clock: FakeClock, shedding: Shedding, perSecond: number) {
    this.#clock = clock;
    this.#shedding = shedding;
    this.#everyMs = 1000 / perSecond;
  }

  /** Calls `onEnd` when it is refused or has its answer. */
  ask(onEnd: () => void = () => undefined): void {
    const askedAt = this.#clock.monotonic();
    const refuse = () => {
      this.refused += 1;
      this.#freeAt = Math.max(this.#freeAt, this.#clock.monotonic()) + this.#refusalMs;
      this.refusedAfterMs.push(this.#clock.monotonic() - askedAt);
      onEnd();
    };
    if (this.#shedding.refusalOf('ask') !== undefined) return refuse();
    this.#pass().then(() => {
      this.waits.push(this.#clock.monotonic() - askedAt);
      onEnd();
    }, refuse);
  }

  set speed(perSecond: number) {
    this.#everyMs = 1000 / perSecond;
  }

  /** From now on each refusal keeps the actors from their work for so long, as on one processor. */
  set refusalMs(ms: number) {
    this.#refusalMs = ms;
  }

  /** From now on an answer takes so much longer; they do not wait for each other. */
  slowDown(ms: number): void {
    this.#slowerMs = ms;
  }

  /** Asks, and again when it is answered, until it is told to stop. */
  askAgainAndAgain(until: () => boolean): void {
    this.ask(() => {
      if (!until()) this.askAgainAndAgain(until);
    });
  }

  /** As a route does. */
  async #pass(): Promise<void> {
    const refusal = await this.#shedding.held('ask');
    if (refusal !== undefined) throw refusal;
    await this.#shedding.counted(() => this.#answered());
  }

  #answered(): Promise<void> {
    const now = this.#clock.monotonic();
    this.#freeAt = Math.max(this.#freeAt, now) + this.#everyMs;
    return new Promise((resolve) => {
      this.#clock.schedule(this.#freeAt + this.#slowerMs - now, resolve);
    });
  }

  /** Asks at an even rate for so long. */
  async load(
    perSecond: number,
    ms: number,
  ): Promise<{ answered: number; refused: number; longestMs: number }> {
    [this.waits.length, this.refusedAfterMs.length, this.refused] = [0, 0, 0];
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

  describe('where it is known what is usual', () => {
    const perSecond = 500;
    /** So many as may be under way without a question, one after the other. */
    const fewMs = (1000 * 32) / perSecond;
    const openUsual = async () => {
      const { clock, shedding } = open();
      const queue = new Queue(clock, shedding, perSecond);
      expect((await queue.load(0.9 * perSecond, 3000)).refused).to.equal(0);
      return { clock, shedding, queue };
    };

    it('answers who is let in as soon as ever, from the first moment of three times the load, and all of them again soon after', async () => {
      const { queue } = await openUsual();
      const { answered, refused, longestMs } = await queue.load(3 * perSecond, 2000);
      expect(longestMs).to.be.at.most(fewMs + 10);
      expect(answered).to.be.within(950, 1020);
      expect(refused).to.be.within(1900, 2050);
      await queue.load(0.9 * perSecond, 300);
      expect((await queue.load(0.9 * perSecond, 2000)).refused).to.equal(0);
    });

    it('lets fewer in where refusals take from the speed, so that these wait hardly longer than ever', async () => {
      const { queue } = await openUsual();
      // Half of all time goes to those who are refused: of six asks five.
      queue.refusalMs = 0.2 * (1000 / perSecond);
      await queue.load(3 * perSecond, 1000);
      const { answered, longestMs } = await queue.load(3 * perSecond, 3000);
      expect(longestMs).to.be.below(1.5 * fewMs);
      // What refusals leave of the time is used.
      expect(answered).to.be.within(700, 800);
      await queue.load(0.9 * perSecond, 300);
      expect((await queue.load(0.9 * perSecond, 2000)).refused).to.equal(0);
    });

    it('refuses at once, but for those who wait at its beginning', async () => {
      const { queue } = await openUsual();
      await queue.load(3 * perSecond, 200);
      expect(Math.max(...queue.refusedAfterMs)).to.be.at.most(170);
      await queue.load(3 * perSecond, 1000);
      expect(Math.max(...queue.refusedAfterMs)).to.be.at.most(40);
      expect(queue.refusedAfterMs.filter((ms) => ms > 0).length).to.be.below(20);
    });

    it('lets in all of a burst, and of many who each wait for their answer before they ask again', async () => {
      const { clock, queue } = await openUsual();
      queue.refused = 0;
      for (let asked = 0; asked < 500; asked++) queue.ask();
      await clock.advance(3000);
      let isOver = false;
      for (let asked = 0; asked < 90; asked++) queue.askAgainAndAgain(() => isOver);
      await clock.advance(5000);
      expect(queue.refused).to.equal(0);
      isOver = true;
    });

    it('holds some hundreds, and refuses the oldest where more come at once', async () => {
      const { clock, queue } = await openUsual();
      const ended: number[] = [];
      for (let asked = 0; asked < 600; asked++) queue.ask(() => ended.push(asked));
      await clock.advance(0);
      // Behind the 32 who were let in.
      expect(ended).to.deep.equal(Array.from({ length: 600 - 32 - 512 }, (_, index) => 32 + index));
      await clock.advance(3000);
      expect(ended.length).to.equal(600);
      expect(queue.refused).to.equal(600 - 32 - 512);
    });

    it('holds nobody for longer than two seconds at a time, however slow the actors have become', async () => {
      const { clock, queue } = await openUsual();
      [queue.refused, queue.refusedAfterMs.length] = [0, 0];
      queue.speed = 2;
      for (let asked = 0; asked < 500; asked++) queue.ask();
      for (let passedMs = 0; passedMs < 6000; passedMs += 50) await clock.advance(50);
      expect(queue.refused).to.be.at.least(200);
      // Once before it is looked at, and once more before it is asked.
      expect(Math.max(...queue.refusedAfterMs)).to.be.at.most(2 * 2050);
    });

    it('lets who was held in by and by, so that nobody after them waits for all of them', async () => {
      const { clock, queue } = await openUsual();
      for (let asked = 0; asked < 500; asked++) queue.ask();
      await clock.advance(400);
      queue.waits.length = 0;
      let waitMs = 0;
      const askedAt = clock.monotonic();
      queue.ask(() => (waitMs = clock.monotonic() - askedAt));
      await clock.advance(2000);
      expect(waitMs).to.be.within(1, 500);
    });

    it('takes no slow second for a surge, such as of a database, nor one in which nothing is answered', async () => {
      const { clock, queue } = await openUsual();
      queue.slowDown(1000);
      expect((await queue.load(0.9 * perSecond, 1000)).refused).to.equal(0);
      queue.slowDown(0);
      await clock.advance(1000);
      expect((await queue.load(0.9 * perSecond, 1000)).refused).to.equal(0);
      // What the slow second was answered with, all at once, is not taken for what can be answered.
      expect((await queue.load(3 * perSecond, 2000)).longestMs).to.be.below(2 * fewMs);
    });

    it('takes half the speed for a second for no surge', async () => {
      const { clock, shedding } = open();
      const queue = new Queue(clock, shedding, perSecond);
      await queue.load(0.9 * perSecond, 3000);
      queue.speed = perSecond / 2;
      expect((await queue.load(0.9 * perSecond, 500)).refused).to.equal(0);
      queue.speed = perSecond;
      expect((await queue.load(0.5 * perSecond, 2000)).refused).to.equal(0);
    });

    it('lets as many in as have become usual', async () => {
      const { clock, queue } = await openUsual();
      let isOver = false;
      for (let asked = 0; asked < 64; asked++) queue.askAgainAndAgain(() => isOver);
      await clock.advance(5000);
      isOver = true;
      await clock.advance(1000);
      const { longestMs } = await queue.load(3 * perSecond, 2000);
      expect(longestMs).to.be.within(1.5 * fewMs, 2.2 * fewMs);
    });

    it('lets no more in than are answered in time, however many have become usual', async () => {
      const { clock, shedding } = open();
      const queue = new Queue(clock, shedding, 50);
      await queue.load(45, 3000);
      await queue.load(150, 2000);
      const { longestMs } = await queue.load(150, 4000);
      expect(longestMs).to.be.below(2 * aboveMs);
    });
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
      void shedding.counted(() => never);
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
      shedding.counted(() => Promise.reject(new Error('refused'))).catch(() => undefined);
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
