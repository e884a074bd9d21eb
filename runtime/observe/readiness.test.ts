import { expect } from 'chai';
import { FakeClock } from '../testing/fake-clock.ts';
import { createReadiness } from './readiness.ts';

describe('createReadiness', () => {
  it('does not wait for a check that hangs, nor begin it again', async () => {
    const clock = new FakeClock();
    let begun = 0;
    let recover = (): void => {};
    const hang = () => {
      begun += 1;
      return new Promise<void>((resolve) => (recover = resolve));
    };
    const readiness = createReadiness({ redis: hang }, clock);
    for (const _ of [1, 2, 3]) {
      const health = readiness();
      await clock.advance(1000);
      expect(Object.fromEntries(await health)).to.deep.equal({ redis: 'failing' });
    }
    expect(begun).to.equal(1);
    const health = readiness();
    recover();
    expect((await health).get('redis')).to.equal('ok');
    expect(clock.fireNext(), 'a timer that is left').to.equal(false);
  });
});
