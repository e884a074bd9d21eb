import { expect } from 'chai';
import { FakeClock } from '../testing/fake-clock.ts';
import { checkAt, createReadiness } from './readiness.ts';

describe('createReadiness', () => {
  it('does not wait for a check that hangs, nor begin it again', async () => {
    const clock = new FakeClock();
    let begun = 0;
    let recover = (): void => {};
    const hang = () => {
      begun += 1;
      return new Promise<void>((resolve) => (recover = resolve));
    };
    const readiness = createReadiness({ redis: checkAt('redis://cache', hang) }, clock);
    for (const _ of [1, 2, 3]) {
      const health = readiness();
      await clock.advance(1000);
      expect(await health).to.deep.equal({
        dependencies: { redis: 'failing' },
        reasons: { redis: 'redis://cache: no answer within 1000 ms' },
      });
    }
    expect(begun).to.equal(1);
    const health = readiness();
    recover();
    expect(await health).to.deep.equal({ dependencies: { redis: 'ok' }, reasons: {} });
    expect(clock.fireNext(), 'a timer that is left').to.equal(false);
  });
});
