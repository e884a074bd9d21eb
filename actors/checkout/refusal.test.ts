import { expect } from 'chai';
import { ActorError } from '@trolley/runtime';
import { type ErrorCode, errorTable, ShopError } from '../errors.contract.ts';
import { isRefusal } from './refusal.ts';

/** What says that asking again may help: the far side, its server or the way there was in a bad state. */
const passing: readonly ErrorCode[] = [
  ...(['unauthorized', 'forbidden', 'unimplemented', 'rate_limited', 'mailbox_full', 'unavailable'] as const),
  ...(['deadline_exceeded', 'aborted', 'unknown_actor', 'unknown_message', 'internal'] as const),
];

describe('a refusal', () => {
  it('is what says that the call itself is wrong, and nothing else', () => {
    const codes = Object.keys(errorTable) as ErrorCode[];
    const refusals = codes.filter((code) => isRefusal(new ShopError(code, '')));
    expect(refusals).to.have.members(codes.filter((code) => !passing.includes(code)));
    const newer = new ActorError('promotion_over', '');
    expect(isRefusal(newer), 'of a newer node, which may pass').to.equal(false);
    expect(isRefusal(new Error('READONLY'))).to.equal(false);
  });
});
