import { expect } from 'chai';
import { SingleFlight } from './single-flight.ts';

/** Calls that end when the test says so. */
function stage() {
  const calls: { answer: (text: string) => void; fail: (error: Error) => void }[] = [];
  const start = () =>
    new Promise<string>((answer, fail) => {
      calls.push({ answer, fail });
    });
  return { calls, start };
}

const turns = async () => new Promise((resolve) => setImmediate(resolve));

describe('SingleFlight', () => {
  it('runs one call per key at a time, and one more for all who came meanwhile', async () => {
    const singleFlight = new SingleFlight<string>();
    const { calls, start } = stage();
    const first = singleFlight.run('a', start);
    const others = [1, 2, 3].map(() => singleFlight.run('a', start));
    await turns();
    expect(calls).to.have.length(1);
    calls[0]?.answer('old');
    expect(await first).to.equal('old');
    await turns();
    expect(calls).to.have.length(2);
    calls[1]?.answer('new');
    expect(await Promise.all(others)).to.deep.equal(['new', 'new', 'new']);
  });

  it('keeps keys apart, and starts anew when all is done', async () => {
    const singleFlight = new SingleFlight<string>();
    const { calls, start } = stage();
    const both = [singleFlight.run('a', start), singleFlight.run('b', start)];
    await turns();
    expect(calls).to.have.length(2);
    calls.forEach(({ answer }) => answer('x'));
    await Promise.all(both);
    await turns();
    void singleFlight.run('a', start);
    await turns();
    expect(calls).to.have.length(3);
  });

  it('lets nobody else suffer from a failure', async () => {
    const singleFlight = new SingleFlight<string>();
    const { calls, start } = stage();
    const outcome = singleFlight.run('a', start).catch((error: unknown) => String(error));
    const next = singleFlight.run('a', start);
    await turns();
    calls[0]?.fail(new Error('down'));
    expect(await outcome).to.equal('Error: down');
    await turns();
    calls[1]?.answer('up');
    expect(await next).to.equal('up');
  });
});
