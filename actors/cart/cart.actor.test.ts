import { expect } from 'chai';
import { ActorError } from '@trolley/runtime';
import { ActorDriver } from '../testing/actor-driver.ts';
import { type CheckoutView, noSuchCheckout } from '../checkout/checkout.contract.ts';
import { createCartActor } from './cart.actor.ts';
import type { CartView } from './cart.contract.ts';
import type { CartState } from './cart.state.ts';

const first = '00000000-0000-4000-8000-000000000001';
const second = '00000000-0000-4000-8000-000000000002';
const limits = { maxCheckouts: 1, maxUnits: 5000 };
type Status = Pick<CheckoutView, 'status'> | 'unavailable' | undefined;

/** A cart of two laptops; `answers`: what the checkout says of itself, each time it is asked. */
async function cartWith(answers: Status[] = []) {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') };
  const asked: number[] = [];
  const put: CartView[] = [];
  const begun = time.now;
  const views = { get: async () => undefined, put: async (view: CartView) => void put.push(view) };
  const cart = new ActorDriver({
    actor: createCartActor({ views, limits }),
    key: '7',
    time,
    async askOther() {
      asked.push(time.now - begun);
      const answer = answers.shift();
      if (answer === 'unavailable') throw new ActorError('unavailable', 'no answer');
      if (answer === undefined) throw noSuchCheckout();
      return answer;
    },
  });
  await cart.ask('AddItem', { productId: 1, quantity: 2 });
  const state = () => cart.state as CartState;
  return { cart, asked, put, state };
}

describe('cart actor', () => {
  it('puts the view of each change before it answers', async () => {
    const { cart, put } = await cartWith();
    expect(put.map((view) => view.version)).to.deep.equal([1]);
    expect(await cart.ask('SetQuantity', { productId: 1, quantity: 5 })).to.deep.equal(put.at(-1));
  });

  it('puts no view of what changes nothing in it, but does for who reads: the view may be lost', async () => {
    const { cart, put } = await cartWith();
    await cart.ask('ClaimForCheckout', { checkoutId: first });
    expect(put.map((view) => view.version)).to.deep.equal([1]);
    await cart.ask('GetCart', {});
    expect(put.map((view) => view.version)).to.deep.equal([1, 1]);
    await cart.ask('ReleaseClaim', { checkoutId: first });
    await cart.ask('AddItem', { productId: 2, quantity: 1 });
    expect(put.map((view) => view.version)).to.deep.equal([1, 1, 2]);
  });

  it('refuses what is out of bounds', async () => {
    const { cart } = await cartWith();
    const refused = async (name: string, input: unknown) =>
      cart.ask(name, input).then(
        () => 'none',
        (error: unknown) => (error as ActorError).code,
      );
    expect(await refused('AddItem', { productId: 1, quantity: 98 })).to.equal('quantity_limit');
    expect(await refused('RemoveItem', { productId: 2 })).to.equal('not_found');
    expect(await refused('AddItem', { productId: 1, quantity: 0 })).to.equal('invalid_request');
  });

  it('asks a checkout that is not heard of with growing patience, and drops its claim once it failed', async () => {
    const running: Status = { status: 'PAYMENT_PENDING' };
    const { cart, asked, state } = await cartWith([
      running,
      'unavailable',
      running,
      running,
      running,
      { status: 'FAILED' },
    ]);
    await cart.ask('ClaimForCheckout', { checkoutId: first });
    await cart.run();
    expect(asked.map((ms) => ms / 1000)).to.deep.equal([5, 15, 35, 75, 135, 195]);
    expect([state().claims, state().items.length]).to.deep.equal([[], 1]);
  });

  for (const { holder, answer } of [
    { holder: 'COMPLETED', answer: 'claimed' },
    { holder: 'FAILED', answer: 'claimed' },
    { holder: undefined, answer: 'claimed' },
    { holder: 'PAYMENT_PENDING', answer: 'too_many_checkouts' },
    { holder: 'unavailable', answer: 'too_many_checkouts' },
  ] as const) {
    it(`asks who holds a claim before it refuses another one: ${holder ?? 'unknown'}`, async () => {
      const told: Status = holder === undefined || holder === 'unavailable' ? holder : { status: holder };
      const { cart, asked } = await cartWith([told]);
      await cart.ask('ClaimForCheckout', { checkoutId: first });
      await cart.ask('AddItem', { productId: 2, quantity: 1 });
      const id = cart.send('ClaimForCheckout', { checkoutId: second });
      while (!cart.answers.has(id)) await cart.step();
      const claimed = cart.answers.get(id);
      const found = claimed !== undefined && 'error' in claimed ? claimed.error.code : 'claimed';
      expect([found, asked]).to.deep.equal([answer, [0]]);
      const holders = (cart.state as CartState).claims.map((claim) => claim.checkoutId);
      expect(holders).to.deep.equal(answer === 'claimed' ? [second] : [first]);
    });
  }

  it('makes no claim for who has released it while others were asked', async () => {
    const { cart, state } = await cartWith([{ status: 'COMPLETED' }]);
    await cart.ask('ClaimForCheckout', { checkoutId: first });
    await cart.ask('AddItem', { productId: 2, quantity: 1 });
    const claiming = cart.send('ClaimForCheckout', { checkoutId: second });
    cart.send('ReleaseClaim', { checkoutId: second });
    await cart.run();
    expect(cart.answers.get(claiming)).to.have.nested.property('error.code', 'aborted');
    expect(state().claims).to.deep.equal([]);
  });

  it('drops the claim of a checkout that was never accepted', async () => {
    const { cart, state } = await cartWith([undefined]);
    await cart.ask('ClaimForCheckout', { checkoutId: first });
    await cart.run();
    expect(state().claims).to.deep.equal([]);
  });

  it('settles with a completed checkout whose event is late, and ignores the event then', async () => {
    const { cart, state } = await cartWith([{ status: 'COMPLETED' }]);
    const { lines } = (await cart.ask('ClaimForCheckout', { checkoutId: first })) as { lines: unknown };
    await cart.run();
    expect([state().items, state().claims, state().settled]).to.deep.equal([[], [], [first]]);
    await cart.ask('AddItem', { productId: 1, quantity: 1 });
    await cart.ask('SettlePurchase', { checkoutId: first, lines });
    expect(state().items.length).to.equal(1);
  });

  it('asks no more once the claim is released or settled', async () => {
    const { cart, asked } = await cartWith();
    await cart.ask('ClaimForCheckout', { checkoutId: first });
    await cart.ask('ReleaseClaim', { checkoutId: first });
    await cart.ask('ClaimForCheckout', { checkoutId: second });
    await cart.ask('SettlePurchase', { checkoutId: second, lines: [{ productId: 1, quantity: 2 }] });
    expect(cart.effects).to.deep.equal([]);
    await cart.run();
    expect(asked).to.deep.equal([]);
  });

  it('releases and settles what it does not know without a trace', async () => {
    const { cart, state } = await cartWith();
    const before = state();
    await cart.ask('ReleaseClaim', { checkoutId: first });
    expect(state()).to.equal(before);
  });
});
