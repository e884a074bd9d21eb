import { expect } from 'chai';
import { ActorError } from '@trolley/runtime';
import { CartContract } from '../cart/cart.contract.ts';
import { OrderContract } from '../order/order.contract.ts';
import { type RpcCode, rpcStatuses } from '../services/grpc/rpc-error.ts';
import { isCertainlyRefused } from './refusal.ts';

/** What says that asking again may help: the far side, its server or the way there was in a bad state. */
const passing: readonly string[] = [
  ...(['unauthorized', 'forbidden', 'unimplemented', 'mailbox_full', 'unavailable'] as const),
  ...([
    'deadline_exceeded',
    'aborted',
    'answer_dropped',
    'unknown_actor',
    'unknown_message',
    'internal',
  ] as const),
] satisfies RpcCode[];

describe('what is certainly refused', () => {
  it('is what says that the call itself is wrong, and nothing else', () => {
    const contracts = [CartContract, OrderContract].flatMap(({ refusals }) => Object.keys(refusals));
    const codes = [...new Set([...Object.keys(rpcStatuses), ...contracts])];
    const refused = codes.filter((code) => isCertainlyRefused(new ActorError(code, '')));
    expect(refused).to.have.members(codes.filter((code) => !passing.includes(code)));
    expect(refused).to.include.members(['invalid_request', 'cart_full', 'empty_cart', 'insufficient_stock']);
    for (const newer of ['promotion_over', 'constructor']) {
      expect(isCertainlyRefused(new ActorError(newer, '')), 'of a newer node, which may pass').to.equal(
        false,
      );
    }
    expect(isCertainlyRefused(new Error('READONLY'))).to.equal(false);
  });

  it('is what an older or a newer node refuses with other details', () => {
    expect(isCertainlyRefused(new ActorError('too_many_units', ''))).to.equal(true);
  });
});
