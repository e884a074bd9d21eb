import { expect } from 'chai';
import { ActorError, codeOf, fromWireError, isActorError, runtimeCodes, toWireError } from './errors.ts';

const overBorder = (error: unknown) =>
  fromWireError(JSON.parse(JSON.stringify(toWireError(error))) as ReturnType<typeof toWireError>);

describe('an error that crosses a border', () => {
  for (const code of [...Object.keys(runtimeCodes), 'cart_full', 'a_code_of_a_newer_node', 'constructor']) {
    it(`arrives as itself: ${code}`, () => {
      const sent = new ActorError(code, 'a sentence', { details: { left: 3 }, cause: new Error('the disk') });
      const arrived = overBorder(sent);
      expect(arrived).to.include({ code, message: 'a sentence', retry: sent.retry });
      expect(arrived.details).to.deep.equal({ left: 3 });
      expect(isActorError(arrived)).to.equal(true);
      expect(arrived.cause).to.equal(undefined);
    });
  }

  it('keeps to itself what nobody foresaw', () => {
    for (const thrown of [new TypeError('the secret is 42'), 'text', undefined, { code: 'unavailable' }]) {
      expect(overBorder(thrown)).to.include({ code: 'internal', message: 'an internal error' });
      expect(codeOf(thrown)).to.equal('internal');
    }
  });

  it('is worth another try only by a code of the runtime that says so', () => {
    const retryOf = (code: string) => new ActorError(code, '').retry;
    const passing = ['mailbox_full', 'unavailable', 'deadline_exceeded', 'aborted'];
    expect(Object.keys(runtimeCodes).filter((code) => retryOf(code) === 'backoff')).to.have.members(passing);
    for (const code of ['cart_full', 'constructor']) expect(retryOf(code), code).to.equal('never');
  });
});
