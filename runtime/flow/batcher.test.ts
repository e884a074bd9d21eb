import { expect } from 'chai';
import { Batcher, type BatcherOptions } from './batcher.ts';

interface Flight {
  readonly items: readonly string[];
  land(): void;
  crash(error: Error): void;
}

/** A batcher of texts, keyed by their first letter, whose flushes end when the test says so. */
function underTest(limits: Partial<BatcherOptions<string, string>> = {}) {
  const flights: Flight[] = [];
  let heard: () => void = () => {};
  const batcher = new Batcher<string, string>({
    name: 'test',
    keyOf: (item) => item.charAt(0),
    maxBatch: 10,
    maxWaiting: 100,
    maxInFlight: 1,
    flush: (items) =>
      new Promise((resolve, reject) => {
        const land = () => resolve(items.map((item) => ({ status: 'fulfilled', value: item.toUpperCase() })));
        flights.push({ items, land, crash: reject });
        heard();
      }),
    ...limits,
  });
  const flight = async (index: number): Promise<Flight> => {
    while (flights[index] === undefined) await new Promise<void>((resolve) => (heard = resolve));
    return flights[index];
  };
  return { batcher, flights, flight };
}

describe('Batcher', () => {
  it('sends together what comes together, and answers each', async () => {
    const { batcher, flight } = underTest();
    const answers = Promise.all(['a', 'b', 'c'].map((item) => batcher.add(item)));
    const first = await flight(0);
    expect(first.items).to.deep.equal(['a', 'b', 'c']);
    first.land();
    expect(await answers).to.deep.equal(['A', 'B', 'C']);
  });

  it('takes along what comes in the next turn of the event loop, where it is patient', async () => {
    for (const isPatient of [true, false]) {
      const { batcher, flights, flight } = underTest({ isPatient, maxInFlight: 2 });
      const answers = [batcher.add('a')];
      await new Promise((resolve) => setImmediate(resolve));
      answers.push(batcher.add('b'));
      await flight(isPatient ? 0 : 1);
      expect(flights.map(({ items }) => items)).to.deep.equal(isPatient ? [['a', 'b']] : [['a'], ['b']]);
      for (const each of flights) each.land();
      expect(await Promise.all(answers)).to.deep.equal(['A', 'B']);
    }
  });

  it('gathers what comes while a batch is under way', async () => {
    const { batcher, flights, flight } = underTest();
    const early = batcher.add('a');
    const first = await flight(0);
    const late = Promise.all([batcher.add('b'), batcher.add('c')]);
    expect(flights).to.have.length(1);
    first.land();
    await early;
    const second = await flight(1);
    expect(second.items).to.deep.equal(['b', 'c']);
    second.land();
    await late;
  });

  it('never has one key twice under way, and keeps its order', async () => {
    const { batcher, flights, flight } = underTest({ maxInFlight: 2 });
    const all = Promise.all(['a1', 'a2', 'b1', 'a3'].map((item) => batcher.add(item)));
    const first = await flight(0);
    expect(first.items).to.deep.equal(['a1', 'b1']);
    expect(flights, 'a2 must wait for a1').to.have.length(1);
    first.land();
    const second = await flight(1);
    expect(second.items).to.deep.equal(['a2']);
    second.land();
    const third = await flight(2);
    expect(third.items).to.deep.equal(['a3']);
    third.land();
    expect(await all).to.deep.equal(['A1', 'A2', 'B1', 'A3']);
  });

  it('sends whatever there is together where nothing has a key', async () => {
    const { batcher, flight } = underTest({ keyOf: () => undefined });
    const all = Promise.all(['a1', 'a2', 'a1'].map((item) => batcher.add(item)));
    const first = await flight(0);
    expect(first.items).to.deep.equal(['a1', 'a2', 'a1']);
    first.land();
    expect(await all).to.deep.equal(['A1', 'A2', 'A1']);
  });

  it('holds at most so many in a batch', async () => {
    const { batcher, flight } = underTest({ maxBatch: 2 });
    const all = Promise.all(['a', 'b', 'c'].map((item) => batcher.add(item)));
    for (const [index, items] of [['a', 'b'], ['c']].entries()) {
      const next = await flight(index);
      expect(next.items).to.deep.equal(items);
      next.land();
    }
    await all;
  });

  it('tells everyone of a batch that failed, and goes on', async () => {
    const { batcher, flight } = underTest();
    const lost = Promise.all(['a', 'b'].map((item) => batcher.add(item).catch(String)));
    (await flight(0)).crash(new Error('gone'));
    expect(await lost).to.deep.equal(['Error: gone', 'Error: gone']);
    const next = batcher.add('a');
    (await flight(1)).land();
    expect(await next).to.equal('A');
  });

  it('refuses what it cannot hold', async () => {
    const { batcher, flight } = underTest({ maxWaiting: 1 });
    const held = batcher.add('a');
    const refused: unknown = await batcher.add('b').catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'unavailable');
    (await flight(0)).land();
    await held;
  });

  it('says when all is done', async () => {
    const { batcher, flight } = underTest();
    await batcher.drained();
    const held = batcher.add('a');
    const drained = batcher.drained();
    (await flight(0)).land();
    await drained;
    expect(await held).to.equal('A');
  });
});
