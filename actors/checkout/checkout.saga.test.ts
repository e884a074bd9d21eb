import { expect } from 'chai';
import { codeOf } from '@trolley/runtime';
import type { AnyStateNode } from 'xstate';
import { checkoutIdFor } from './checkout.contract.ts';
import { inputOf } from './checkout.effects.ts';
import type { CheckoutEvent, CheckoutInput } from './checkout.events.ts';
import { checkoutMachine } from './checkout.machine.ts';
import { advanceSaga, beginSaga, endingOf } from './checkout.saga.ts';
import { CheckoutSession, viewOf } from './checkout.state.ts';
import { stepNamed, steps, type StepName } from './checkout.steps.ts';

const at = Date.parse('2026-01-01T00:00:00Z');
const input: CheckoutInput = {
  checkoutId: checkoutIdFor(7, 'a key'),
  userId: 7,
  idempotencyKey: 'a key',
  currency: 'USD',
  limits: { reserveMs: 30_000, paymentMs: 60_000 },
  at,
};
const line = { productId: 1, quantity: 2, productName: 'Laptop', unitPriceCents: 129_999 };
const priced: Extract<CheckoutEvent, { readonly type: 'ClaimAndPrice.done' }> = {
  type: 'ClaimAndPrice.done',
  at,
  lines: [line],
  totalCents: 259_998,
  cartVersion: 3,
};
const reserved = { type: 'Reserve.done', at, reservationId: 'r' } as const;
const charged = { type: 'Charge.done', at, paymentId: 'p' } as const;

function after(...events: CheckoutEvent[]) {
  let step = beginSaga(input);
  // Through JSON each time, as through the store.
  for (const event of events) {
    step = advanceSaga(CheckoutSession.parse(JSON.parse(JSON.stringify(step.session))), event);
  }
  return step;
}

function statuses(...events: CheckoutEvent[]): string[] {
  return after(...events).session.context.history.map(({ status, detail }) =>
    detail === undefined ? status : detail,
  );
}

/** Every event there is; what it carries does not steer the machine, but for these codes. */
const later = at + 3_600_000;
const events: CheckoutEvent[] = [
  priced,
  reserved,
  charged,
  { type: 'Charge.declined', at, reason: 'no_funds' },
  { type: 'Cancel', at },
  { type: 'Resume', at },
  { type: 'Compensate', at, reason: 'the buyer called' },
  ...steps.flatMap(({ name: step }): CheckoutEvent[] => [
    { type: `${step}.refused`, at, code: 'empty_cart' },
    { type: `${step}.refused`, at, code: 'not_found' },
    { type: `${step}.refused`, at, code: 'conflict' },
    { type: `${step}.unknown`, at, code: 'unavailable' },
    { type: `${step}.unknown`, at: later, code: 'unavailable' },
  ]),
  ...(['Confirm', 'Refund', 'Release', 'ReleaseClaim'] as const).map(
    (step) => ({ type: `${step}.done`, at }) as const,
  ),
];

describe('checkout saga', () => {
  it('gives a step up within its limit, though the clock was set back by an hour meanwhile', () => {
    const unknown = (when: number) => ({ type: 'Reserve.unknown', at: when, code: 'unavailable' }) as const;
    const back = at - 3_600_000;
    const failing = (...seen: string[]) => seen.filter((each) => each.startsWith('failing'));
    expect(failing(...statuses(priced, unknown(back), unknown(back + 50_000)))).to.deep.equal([]);
    expect(failing(...statuses(priced, unknown(back), unknown(back + 60_000)))).to.have.length(1);
  });

  it('goes through every status to COMPLETED', () => {
    const { session, commands } = after(priced, reserved, charged, { type: 'Confirm.done', at });
    expect(session.context.history.map(({ status }) => status)).to.deep.equal([
      'INITIATED',
      'INVENTORY_RESERVED',
      'PAYMENT_PENDING',
      'PAYMENT_COMPLETED',
      'COMPLETED',
    ]);
    expect(commands).to.deep.equal([{ type: 'publishCompleted' }]);
    expect(endingOf(session)).to.equal('completed');
  });

  it('commands one effect on entering each step', () => {
    const performs = (step: StepName) => [{ type: 'perform', step, delayMs: 0 }];
    expect(beginSaga(input).commands).to.deep.equal(performs('ClaimAndPrice'));
    expect(after(priced).commands).to.deep.equal(performs('Reserve'));
    expect(after(priced, reserved).commands).to.deep.equal(performs('Charge'));
    expect(after(priced, reserved, charged).commands).to.deep.equal(performs('Confirm'));
  });

  it('charges nothing when there is nothing to pay', () => {
    const { session, commands } = after({ ...priced, totalCents: 0 }, reserved);
    expect(session.value).to.equal('confirming');
    expect(commands).to.deep.equal([{ type: 'perform', step: 'Confirm', delayMs: 0 }]);
    expect(session.context.undo.charge).to.equal(false);
  });

  it('says what there was too little of, unless it was cancelled', () => {
    const shortages = [{ productId: 1, requested: 2, available: 1 }];
    const refused = { type: 'Reserve.refused', at, code: 'insufficient_stock', shortages } as const;
    const reasonAfter = (...told: CheckoutEvent[]) => {
      const { failureReason, failureDetails } = after(...told).session.context;
      return [failureReason, failureDetails];
    };
    expect(reasonAfter(priced, refused)).to.deep.equal(['insufficient_stock', shortages]);
    expect(reasonAfter(priced, { type: 'Cancel', at }, refused)).to.deep.equal(['cancelled', undefined]);
    const gone = { type: 'ClaimAndPrice.refused', at, code: 'product_unavailable', shortages } as const;
    expect(reasonAfter(gone)).to.deep.equal(['product_unavailable', shortages]);
  });

  it('retries with growing delays inside the limit, in one entry of the history', () => {
    const unknown = { type: 'Reserve.unknown', at, code: 'unavailable' } as const;
    expect(after(priced, unknown, unknown, unknown).commands).to.deep.equal([
      { type: 'perform', step: 'Reserve', delayMs: 800 },
    ]);
    expect(statuses(priced, unknown, unknown, unknown)).to.deep.equal([
      'INITIATED',
      'Reserve: 3 × unavailable',
    ]);
    const over = after(priced, { ...unknown, at: at + 29_900 });
    expect(over.session.context.failureReason).to.equal('inventory_unavailable');
    expect(over.commands).to.deep.equal([{ type: 'perform', step: 'Release', delayMs: 0 }]);
  });

  it('refunds and releases after a charge of unknown outcome, asking without end', () => {
    const unknown = { type: 'Charge.unknown', at: at + 60_000, code: 'deadline_exceeded' } as const;
    const lost = { type: 'Refund.unknown', at: later, code: 'unavailable' } as const;
    expect(after(priced, reserved, unknown).commands).to.deep.equal([
      { type: 'perform', step: 'Refund', delayMs: 0 },
    ]);
    const patient = after(priced, reserved, unknown, ...Array<CheckoutEvent>(20).fill(lost));
    expect(patient.commands).to.deep.equal([{ type: 'perform', step: 'Refund', delayMs: 30_000 }]);
    expect(
      statuses(
        priced,
        reserved,
        unknown,
        lost,
        { type: 'Refund.done', at },
        { type: 'Release.done', at },
        { type: 'ReleaseClaim.done', at },
      ).slice(3),
    ).to.deep.equal([
      'failing: payment_unavailable',
      'Refund: 1 × unavailable',
      'Refund: done',
      'Release: done',
      'ReleaseClaim: done',
      'FAILED',
    ]);
  });

  it('says who gave no answer, and when it ended', () => {
    const unknown = { type: 'ClaimAndPrice.unknown', at: later, code: 'unavailable' } as const;
    for (const party of ['cart', 'catalog'] as const) {
      const done = { type: 'ReleaseClaim.done', at: later + 5 } as const;
      const { session } = after({ ...unknown, party }, done);
      expect(session.context).to.include({ failureReason: `${party}_unavailable`, completedAt: later + 5 });
      const { completedAt: _, ...once } = session.context;
      expect(viewOf({ ...session, context: once }).completedAt, 'of an older one').to.equal(
        new Date(later + 5).toISOString(),
      );
    }
    const { completedAt } = after(priced, reserved, charged, { type: 'Confirm.done', at: later }).session
      .context;
    expect(completedAt).to.equal(later);
  });

  it('does not refund a declined charge', () => {
    const { session, commands } = after(priced, reserved, {
      type: 'Charge.declined',
      at,
      reason: 'no_funds',
    });
    expect(session.context.failureReason).to.equal('payment_declined: no_funds');
    expect(commands).to.deep.equal([{ type: 'perform', step: 'Release', delayMs: 0 }]);
  });

  it('cancels once the step under way is known, and not after the payment', () => {
    const cancel = { type: 'Cancel', at } as const;
    const waiting = after(priced, reserved, cancel);
    expect([waiting.session.value, waiting.commands]).to.deep.equal(['charging', []]);
    const { session, commands } = after(priced, reserved, cancel, charged);
    expect(session.context.failureReason).to.equal('cancelled');
    expect(commands).to.deep.equal([{ type: 'perform', step: 'Refund', delayMs: 0 }]);
    expect(after(priced, reserved, charged, cancel).session.context.cancelRequested).to.equal(false);
  });

  it('tries the step that hangs at once when it is told to, and counts what was under way as unknown', () => {
    const resume = { type: 'Resume', at, by: 'ada' } as const;
    const unknown = { type: 'Confirm.unknown', at, code: 'unavailable' } as const;
    const hanging = [priced, reserved, charged, ...Array<CheckoutEvent>(9).fill(unknown)];
    expect(after(...hanging).commands).to.deep.equal([{ type: 'perform', step: 'Confirm', delayMs: 30_000 }]);
    expect(after(...hanging, resume).commands).to.deep.equal([
      { type: 'perform', step: 'Confirm', delayMs: 0 },
    ]);
    expect(statuses(...hanging, resume).at(-1)).to.equal('Confirm: 10 × resumed');
    const refused = { type: 'Reserve.refused', at, code: 'insufficient_stock' } as const;
    const { undo } = after(priced, resume, refused).session.context;
    expect(undo, 'of a Reserve that may still come, and of a Charge that may have come').to.deep.equal({
      charge: true,
      reservation: true,
      claim: true,
    });
  });

  it('gives up and undoes all of it when it is told to, paid or not', () => {
    const compensate = { type: 'Compensate', at, reason: 'the buyer called', by: 'ada' } as const;
    const told = (...before: CheckoutEvent[]) => {
      const { session, commands } = after(...before, compensate);
      return [session.context.failureReason, ...commands];
    };
    const performs = (step: StepName) => ({ type: 'perform', step, delayMs: 0 });
    expect(told()).to.deep.equal(['compensated', performs('ReleaseClaim')]);
    expect(told(priced)).to.deep.equal(['compensated', performs('Refund')]);
    expect(told(priced, reserved)).to.deep.equal(['compensated', performs('Refund')]);
    expect(told(priced, reserved, charged)).to.deep.equal(['compensated', performs('Refund')]);
    expect(told({ ...priced, totalCents: 0 }, reserved)).to.deep.equal(['compensated', performs('Release')]);
    expect(told(priced, reserved, { type: 'Cancel', at })).to.deep.equal(['cancelled', performs('Refund')]);
    expect(after(priced, compensate, compensate).commands, 'once').to.deep.equal([]);
    const { journal } = after(priced, compensate).session;
    expect(journal?.at(-1)).to.include({ type: 'Compensate', reason: 'the buyer called', by: 'ada' });
  });

  it('rejects when the cart gives nothing, also while it is being cancelled', () => {
    for (const code of ['empty_cart', 'checkout_in_progress', 'too_many_checkouts', 'too_many_units']) {
      const refused = { type: 'ClaimAndPrice.refused', at, code } as const;
      for (const { session, commands } of [after(refused), after({ type: 'Cancel', at }, refused)]) {
        expect([endingOf(session), commands], code).to.deep.equal(['rejected', []]);
      }
    }
  });

  it('ignores outcomes that come too late', () => {
    const before = after(priced, reserved).session;
    for (const late of [priced, reserved, { type: 'Reserve.unknown', at, code: 'internal' } as const]) {
      const { session, commands } = advanceSaga(before, late);
      expect([session, commands]).to.deep.equal([before, []]);
    }
    const done = after(priced, reserved, charged, { type: 'Confirm.done', at }).session;
    for (const event of events)
      expect(advanceSaga(done, event), event.type).to.deep.equal({
        session: done,
        commands: [],
        mayWait: false,
      });
  });

  it('lets the answers of Reserve and Charge wait for the next record, on the way to the sale alone', () => {
    const mayWait = (...told: CheckoutEvent[]) => after(...told).mayWait;
    expect(mayWait(priced)).to.equal(false);
    expect(mayWait(priced, reserved)).to.equal(true);
    expect(mayWait(priced, reserved, charged)).to.equal(true);
    expect(mayWait(priced, reserved, { type: 'Charge.declined', at, reason: 'no' })).to.equal(false);
    expect(mayWait(priced, { type: 'Cancel', at }, reserved), 'to a compensation').to.equal(false);
    expect(mayWait(priced, reserved, charged, { type: 'Confirm.done', at })).to.equal(false);
  });

  it('undoes a charge that may have come after the first answer of a repeated Reserve', () => {
    const repeated = true;
    const charges = (...told: CheckoutEvent[]) => after(priced, ...told).session.context.undo.charge;
    const refused = { type: 'Reserve.refused', at, code: 'insufficient_stock' } as const;
    const unknown = { type: 'Reserve.unknown', at, code: 'unavailable' } as const;
    expect(charges(refused)).to.equal(false);
    expect(charges({ ...refused, repeated })).to.equal(true);
    expect(charges({ ...unknown, repeated }, refused), 'refused when tried again').to.equal(true);
    expect(charges({ type: 'Cancel', at }, { ...reserved, repeated })).to.equal(true);
  });

  it('restores a snapshot without ordering anything again', () => {
    const { session } = after(priced, reserved);
    const restored = CheckoutSession.parse(JSON.parse(JSON.stringify(session)));
    expect(advanceSaga(restored, reserved)).to.deep.equal({ session, commands: [], mayWait: false });
  });

  it('refuses the snapshot of a machine that it is not', () => {
    const { session } = after(priced);
    for (const other of [
      { ...session, machine: 'cart' },
      { ...session, machineVersion: '0' },
    ]) {
      expect(() => advanceSaga(other, reserved))
        .to.throw()
        .that.satisfies((error: unknown) => codeOf(error) === 'internal');
    }
  });

  it('says of every state that waits for a step which one it is, and waits for every step somewhere', () => {
    const waits = new Map<string, { readonly step: StepName; readonly label: string | undefined }>();
    const visit = (node: AnyStateNode) => {
      const { step } = (node.meta ?? {}) as { readonly step?: StepName };
      if (step !== undefined) waits.set(node.key, { step, label: node.description });
      for (const child of Object.values(node.states) as AnyStateNode[]) visit(child);
    };
    visit(checkoutMachine.root);
    // These names are stored: a release must know those of the one before it.
    expect(Object.fromEntries([...waits].map(([state, { step }]) => [state, step]))).to.deep.equal({
      pricing: 'ClaimAndPrice',
      reserving: 'Reserve',
      charging: 'Charge',
      confirming: 'Confirm',
      reservingAgain: 'Reserve',
      refunding: 'Refund',
      releasing: 'Release',
      releasingClaim: 'ReleaseClaim',
    });
    for (const { step, label } of waits.values()) expect(label).to.equal(stepNamed(step).label);
    expect(new Set([...waits.values()].map(({ step }) => step))).to.deep.equal(
      new Set(steps.map(({ name }) => name)),
    );
  });

  it('tells each step what the release before told it', () => {
    const { context } = after(priced, reserved).session;
    const all = { checkoutId: input.checkoutId, userId: 7, giveUpAt: at + 60_000 };
    expect(inputOf('Reserve', context)).to.deep.equal({
      ...all,
      callTimeoutMs: 15_000,
      items: [{ productId: 1, quantity: 2 }],
    });
    expect(inputOf('Charge', { ...context, paymentMethod: 'visa' })).to.deep.equal({
      ...all,
      callTimeoutMs: 30_000,
      amountCents: 259_998,
      currency: 'USD',
      paymentMethod: 'visa',
    });
    expect(inputOf('Confirm', after(priced, reserved, charged).session.context)).to.deep.equal({
      checkoutId: input.checkoutId,
      userId: 7,
      callTimeoutMs: 10_000,
    });
  });

  it('gets from every reachable state to an end, and always either waits for one effect or has ended', () => {
    // History and times do not steer; of the retries only whether there were any.
    const nameOf = ({ value, context }: CheckoutSession) => {
      const { undo, cancelRequested, retries, reservedAgain } = context;
      return JSON.stringify({ value, undo, cancelRequested, retried: retries > 0, reservedAgain });
    };
    const { session: first } = beginSaga(input);
    const ways = new Map<string, Set<string>>();
    const ended = new Set<string>();
    const found = [first];
    for (let session = found.pop(); session !== undefined; session = found.pop()) {
      const name = nameOf(session);
      if (ways.has(name)) continue;
      const next = new Set<string>();
      ways.set(name, next);
      if (endingOf(session) !== undefined) ended.add(name);
      for (const event of events) {
        const step = advanceSaga(session, event);
        next.add(nameOf(step.session));
        found.push(step.session);
        const ignored = JSON.stringify(step.session) === JSON.stringify(session);
        if (ignored || event.type === 'Cancel') continue;
        const performed = step.commands.filter((command) => command.type === 'perform').length;
        expect(performed, `${name} ${event.type}`).to.equal(endingOf(step.session) === undefined ? 1 : 0);
      }
    }
    expect(ways.size).to.be.greaterThan(50);
    for (let grown = -1; grown !== ended.size;) {
      grown = ended.size;
      for (const [from, to] of ways) if ([...to].some((one) => ended.has(one))) ended.add(from);
    }
    expect(
      [...ways.keys()].filter((name) => !ended.has(name)),
      'states without an end',
    ).to.deep.equal([]);
  });
});
