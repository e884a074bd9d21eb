import type { CheckoutEvent } from './checkout.events.ts';
import { checkoutSetup, delayMs } from './checkout.setup.ts';
import type { CheckoutContext } from './checkout.state.ts';
import type { CompensatableStep, Compensation, RetriableStep, Step } from './checkout.step.ts';
import type { StepName } from './checkout.steps.ts';
import { charge } from './steps/charge.ts';
import { claimAndPrice } from './steps/claim-and-price.ts';
import { confirm } from './steps/confirm.ts';
import { reserve } from './steps/reserve.ts';

type Named<S extends Step> = S & { readonly name: StepName };
interface Told {
  readonly event: CheckoutEvent;
}

const reach = (status: CheckoutContext['status']) => ({ type: 'reach', params: { status } }) as const;
const end = (status: CheckoutContext['status']) => ({ type: 'end', params: { status } }) as const;
const fail = (reason: string) => ({ type: 'fail', params: { reason } }) as const;
const markForUndo = ({ mark }: Compensation) => ({ type: 'markForUndo', params: { mark } }) as const;
const unmark = ({ mark }: Compensation) => ({ type: 'unmark', params: { mark } }) as const;
const markIfRepeated = ({ mark }: Compensation) => ({ type: 'markIfRepeated', params: { mark } }) as const;
const isMarked = ({ mark }: Compensation) => ({ type: 'isMarked', params: { mark } }) as const;

const failRefused = (step: RetriableStep) =>
  ({
    type: 'fail',
    params: ({ event }: Told) => ({
      reason: step.failure('code' in event ? event.code : 'unknown'),
      shortages: 'shortages' in event ? event.shortages : undefined,
    }),
  }) as const;

/** Enters a step that is tried until its outcome is known. */
const perform = ({ name }: Named<Step>, status?: CheckoutContext['status']) =>
  [
    { type: 'enter', params: { status } },
    { type: 'perform', params: { step: name, delayMs: 0 } },
  ] as const;

/** Enters a step that is given up at its limit, and undone when the checkout fails. */
const performWithin = (
  { name, limit, compensation }: Named<CompensatableStep>,
  status?: CheckoutContext['status'],
) =>
  [
    { type: 'enter', params: { status, mark: compensation.mark, limit: limit.setting } },
    { type: 'perform', params: { step: name, delayMs: 0 } },
  ] as const;

/** After an unknown outcome: the same step again, later. It is idempotent on the far side. */
const retry = ({ name }: Named<Step>) =>
  [
    { type: 'countRetry', params: { step: name } },
    {
      type: 'perform',
      params: ({ context }: { context: CheckoutContext }) => ({ step: name, delayMs: delayMs(context) }),
    },
  ] as const;

/** What an operator may do while a step is tried. `orMark`: what may have come of it besides, as nobody waits for it then. */
function byHand(step: Named<Step>, orMark: readonly ReturnType<typeof markForUndo>[] = []) {
  return { ...againAtOnce(step, orMark), Compensate: giveUp(orMark) } as const;
}

const againAtOnce = ({ name }: Named<Step>, orMark: readonly ReturnType<typeof markForUndo>[] = []) =>
  ({
    Resume: {
      actions: [
        ...orMark,
        { type: 'countRetry', params: { step: name } },
        { type: 'perform', params: { step: name, delayMs: 0 } },
      ],
    },
  }) as const;

const giveUp = (orMark: readonly ReturnType<typeof markForUndo>[]) =>
  ({ target: 'compensating', actions: [...orMark, fail('compensated')] }) as const;

/** What a state says of the step that it waits for, to whoever draws the machine. */
const waitsFor = ({ name, label }: Named<Step>) => ({ description: label, meta: { step: name } });

/** What every step before the payment does on a cancellation, and when its outcome stays unknown. */
function untilPaid(
  step: Named<CompensatableStep>,
  onRetry: readonly ReturnType<typeof markIfRepeated>[] = [],
) {
  return {
    Cancel: { actions: 'requestCancel' },
    [`${step.name}.unknown`]: [
      { guard: 'mayRetry', actions: [...onRetry, ...retry(step)] },
      {
        target: 'compensating',
        actions: {
          type: 'fail',
          params: ({ event }: Told) => ({
            reason: step.limit.failure('party' in event ? event.party : undefined),
          }),
        },
      },
    ],
  } as const;
}

const ifCancelled = { guard: 'cancelRequested', target: 'compensating', actions: fail('cancelled') } as const;

/** Undoes a step, and is tried until that is known to be done. */
function undoing(compensation: Named<Compensation>) {
  const { name, isDoneIfNotFound = false } = compensation;
  const done = {
    target: 'next',
    actions: [unmark(compensation), { type: 'note', params: { detail: `${name}: done` } }],
  } as const;
  const again = { actions: retry(compensation) } as const;
  return checkoutSetup.createStateConfig({
    ...waitsFor(compensation),
    entry: perform(compensation),
    on: {
      [`${name}.done`]: done,
      [`${name}.refused`]: isDoneIfNotFound ? [{ guard: 'isNotFound', ...done }, again] : again,
      [`${name}.unknown`]: again,
      ...againAtOnce(compensation),
    },
  });
}

/**
 * The saga. States × events → next snapshot and commands; it does nothing itself.
 *
 * A step is declared in `steps/`, beside what undoes it; here stands what comes after it. What may have happened is
 * marked in `undo` before it is tried, so an unknown outcome is undone like a success.
 */
export const checkoutMachine = checkoutSetup.createMachine({
  id: 'checkout',
  version: '1',
  initial: 'pricing',
  context: ({ input: { at, ...start } }) => ({
    status: 'INITIATED',
    history: [],
    createdAt: at,
    lines: [],
    totalCents: 0,
    retries: 0,
    reservedAgain: 0,
    cancelRequested: false,
    undo: { charge: false, reservation: false, claim: false },
    ...start,
  }),
  states: {
    pricing: {
      ...waitsFor(claimAndPrice),
      entry: performWithin(claimAndPrice, 'INITIATED'),
      on: {
        ...untilPaid(claimAndPrice),
        ...byHand(claimAndPrice),
        'ClaimAndPrice.done': [ifCancelled, { target: 'reserving', actions: 'keep' }],
        'ClaimAndPrice.refused': [
          { guard: 'isRejection', target: 'rejected', actions: failRefused(claimAndPrice) },
          { target: 'compensating', actions: failRefused(claimAndPrice) },
        ],
      },
    },
    reserving: {
      ...waitsFor(reserve),
      entry: performWithin(reserve),
      // Asked again after a crash, while what came after its first answer is not on record.
      exit: markIfRepeated(charge.compensation),
      on: {
        ...untilPaid(reserve, [markIfRepeated(charge.compensation)]),
        ...byHand(reserve, [markForUndo(charge.compensation)]),
        'Reserve.done': [
          ifCancelled,
          {
            guard: 'nothingToPay',
            target: 'confirming',
            actions: ['keep', reach('INVENTORY_RESERVED')],
          },
          { target: 'charging', actions: ['keep', reach('INVENTORY_RESERVED')] },
        ],
        'Reserve.refused': [
          // An earlier try may still be on its way: Release then keeps it from taking anything.
          { guard: 'mayHaveRun', target: 'compensating', actions: failRefused(reserve) },
          { target: 'compensating', actions: [failRefused(reserve), unmark(reserve.compensation)] },
        ],
      },
    },
    charging: {
      ...waitsFor(charge),
      entry: performWithin(charge, 'PAYMENT_PENDING'),
      on: {
        ...untilPaid(charge),
        ...byHand(charge),
        'Charge.done': [ifCancelled, { target: 'confirming', actions: 'keep' }],
        // The payment service's last word: a charge under this id never becomes anything else.
        'Charge.declined': {
          target: 'compensating',
          actions: [
            { type: 'fail', params: ({ event }) => ({ reason: charge.failure(event.reason) }) },
            unmark(charge.compensation),
          ],
        },
        'Charge.refused': { target: 'compensating', actions: failRefused(charge) },
      },
    },
    /** Paid: from here on its buyer does not cancel the checkout, and unknown outcomes are retried without end. */
    confirming: {
      ...waitsFor(confirm),
      entry: perform(confirm, 'PAYMENT_COMPLETED'),
      on: {
        'Confirm.done': { target: 'completed' },
        // Most likely expired: the stock went back, and may still be there.
        'Confirm.refused': [
          { guard: 'mayReserveAgain', target: 'reservingAgain' },
          { target: 'compensating', actions: failRefused(confirm) },
        ],
        'Confirm.unknown': { actions: retry(confirm) },
        ...byHand(confirm),
      },
    },
    reservingAgain: {
      ...waitsFor(reserve),
      entry: [
        'countReservedAgain',
        { type: 'note', params: { detail: 'Confirm: refused, reserving again' } },
        ...perform(reserve),
      ],
      on: {
        'Reserve.done': { target: 'confirming', actions: 'keep' },
        'Reserve.refused': { target: 'compensating', actions: failRefused(reserve) },
        'Reserve.unknown': { actions: retry(reserve) },
        ...byHand(reserve),
      },
    },
    /** In the reverse order of the steps. Without a limit: each is tried until it is known to be done. */
    compensating: {
      tags: 'compensation',
      initial: 'next',
      states: {
        next: {
          always: [
            { guard: isMarked(charge.compensation), target: 'refunding' },
            { guard: isMarked(reserve.compensation), target: 'releasing' },
            { guard: isMarked(claimAndPrice.compensation), target: 'releasingClaim' },
            { target: '#checkout.failed' },
          ],
        },
        refunding: undoing(charge.compensation),
        releasing: undoing(reserve.compensation),
        releasingClaim: undoing(claimAndPrice.compensation),
      },
    },
    completed: { type: 'final', tags: 'completed', entry: [end('COMPLETED'), 'publishCompleted'] },
    failed: { type: 'final', tags: 'failed', entry: end('FAILED') },
    /** Never accepted: whoever waits is refused, and nothing of it is stored. */
    rejected: { type: 'final', tags: 'failed', entry: end('FAILED') },
  },
});
