import { expect } from 'chai';
import { initialTransition, transition } from 'xstate';
import { checkoutMachine } from './checkout.machine.ts';
import type { CheckoutEvent, CheckoutInput } from './checkout.events.ts';
import { inertMachine, type Stepped } from './inert-machine.ts';

type Step = Stepped<typeof checkoutMachine>;

const input: CheckoutInput = {
  checkoutId: 'c',
  userId: 7,
  idempotencyKey: 'k',
  currency: 'USD',
  paymentMethod: 'card',
  shippingAddress: { line1: 'Main St 1', city: 'Riga', postal_code: 'LV-1001', country: 'LV' },
  limits: { reserveMs: 30_000, paymentMs: 60_000 },
  at: 1,
};

/** A way through each kind of step: done, retried, refused, undone, and what the state does not know. */
const events: CheckoutEvent[] = [
  { type: 'Confirm.done', at: 2 },
  {
    type: 'ClaimAndPrice.done',
    at: 3,
    lines: [{ productId: 1, productName: 'Tea', quantity: 2, unitPriceCents: 250 }],
    totalCents: 500,
    cartVersion: 3,
  },
  { type: 'Reserve.unknown', at: 4, code: 'unavailable' },
  { type: 'Reserve.done', at: 5, reservationId: 'r' },
  { type: 'Cancel', at: 6 },
  { type: 'Charge.declined', at: 7, reason: 'card_declined' },
  { type: 'Release.unknown', at: 8, code: 'unavailable' },
  { type: 'Release.done', at: 9 },
  { type: 'ReleaseClaim.done', at: 10 },
];

describe('inertMachine', () => {
  it('restores what xstate does, also a second time, each with its own context', () => {
    const machine = inertMachine(checkoutMachine);
    const [{ context }] = machine.begin(input);
    for (const value of ['reserving', { compensating: 'releasing' }, 'failed', 'reserving'] as const) {
      for (const retries of [0, 1]) {
        const stored = { value, context: { ...context, retries } };
        const theirs = checkoutMachine.resolveState(stored);
        expect(machine.restore(value, stored.context)).to.deep.equal(theirs);
      }
    }
  });

  it('steps as xstate does: the same snapshots, the same actions', () => {
    const machine = inertMachine(checkoutMachine);
    const told = ([{ value, context, status }, actions]: Step) => ({
      value,
      context,
      status,
      actions: actions.map(({ type, params }) => ({ type, params })),
    });
    let ours = machine.begin(input);
    let theirs = initialTransition(checkoutMachine, input);
    expect(told(ours)).to.deep.equal(told(theirs));
    for (const event of events) {
      ours = machine.next(ours[0], event);
      theirs = transition(checkoutMachine, theirs[0], event);
      expect(told(ours), event.type).to.deep.equal(told(theirs));
    }
    expect(ours[0].value).to.equal('failed');
  });
});
