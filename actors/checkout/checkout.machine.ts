import { assign, setup } from 'xstate';
import type { CheckoutStatus } from './checkout.contract.ts';
import type { CheckoutEvent, CheckoutInput, Step } from './checkout.events.ts';
import type { CheckoutContext } from './checkout.state.ts';

const maxReservedAgain = 3;
const firstDelayMs = 200;
const maxDelayMs = 5000;
/** Where only the far side's return helps, it is asked less often. */
const maxEndlessDelayMs = 30_000;

function delayMs(context: CheckoutContext): number {
  const longest = context.giveUpAt === undefined ? maxEndlessDelayMs : maxDelayMs;
  return Math.min(firstDelayMs * 2 ** (context.retries - 1), longest);
}

const reserveRefusals: Readonly<Record<string, string>> = {
  insufficient_stock: 'insufficient_stock',
  not_found: 'product_unavailable',
};

/** With these nothing was accepted. */
const rejections: ReadonlySet<string> = new Set([
  'empty_cart',
  'checkout_in_progress',
  'too_many_checkouts',
  'too_many_units',
  'idempotency_key_reused',
]);

interface Scope {
  readonly context: CheckoutContext;
  readonly event: CheckoutEvent;
}

/** The machine starts with an event of xstate's own, which has no time. */
function timeOf({ context, event }: Scope): number {
  return 'at' in event ? event.at : context.createdAt;
}

function noted(scope: Scope, status: CheckoutStatus, detail?: string) {
  const entry = { status, at: timeOf(scope), ...(detail === undefined ? {} : { detail }) };
  return { status, history: [...scope.context.history, entry] };
}

/** No limit is longer than this: else the clock was set back, and the step would be tried for as long. */
function boundedGiveUpAt(scope: Scope): number | undefined {
  const { giveUpAt, limits } = scope.context;
  if (giveUpAt === undefined) return undefined;
  return Math.min(giveUpAt, timeOf(scope) + Math.max(limits.reserveMs, limits.paymentMs));
}

const checkoutSetup = setup({
  types: {
    context: {} as CheckoutContext,
    events: {} as CheckoutEvent,
    input: {} as CheckoutInput,
  },
  guards: {
    cancelRequested: ({ context }) => context.cancelRequested,
    mayRetry: ({ context, event }) =>
      !context.cancelRequested &&
      (context.giveUpAt === undefined ||
        timeOf({ context, event }) + delayMs({ ...context, retries: context.retries + 1 }) <
          context.giveUpAt),
    nothingToPay: ({ context }) => context.totalCents === 0,
    wasRetried: ({ context }) => context.retries > 0,
    mayReserveAgain: ({ context }) => context.reservedAgain < maxReservedAgain,
    /** The cart gave nothing: then nothing was accepted, and the same key may begin anew. */
    isRejection: ({ event }) => 'code' in event && rejections.has(event.code),
    /** Nothing is there to undo. */
    isNotFound: ({ event }) => 'code' in event && event.code === 'not_found',
    mustRefund: ({ context }) => context.undo.charge,
    mustRelease: ({ context }) => context.undo.reservation,
    mustReleaseClaim: ({ context }) => context.undo.claim,
  },
  actions: {
    // These two are orders to whoever runs the machine, given once the snapshot is durable.
    perform: (_, _order: { step: Step; delayMs: number }) => {},
    publishCompleted: () => {},

    reach: assign((scope, { status }: { status: CheckoutStatus }) => {
      const { context } = scope;
      return context.status === status && context.history.length > 0 ? {} : noted(scope, status);
    }),
    note: assign((scope, { detail }: { detail: string }) => noted(scope, scope.context.status, detail)),
    begin: assign((scope, { limit }: { limit?: 'reserveMs' | 'paymentMs' }) => ({
      retries: 0,
      giveUpAt: limit === undefined ? undefined : timeOf(scope) + scope.context.limits[limit],
    })),
    /** One entry per step, counting: a step that is retried for a day does not fill the row. */
    countRetry: assign((scope, { step }: { step: Step }) => {
      const { history, status, retries } = scope.context;
      const code = 'code' in scope.event ? scope.event.code : 'unknown';
      const detail = `${step}: ${retries + 1} × ${code}`;
      const earlier = retries === 0 ? history : history.slice(0, -1);
      const entry = { status, at: timeOf(scope), detail };
      return { retries: retries + 1, history: [...earlier, entry], giveUpAt: boundedGiveUpAt(scope) };
    }),
    end: assign((scope) => ({ completedAt: timeOf(scope) })),
    keepReservation: assign((_, kept: { reservationId: string }) => kept),
    requestCancel: assign({ cancelRequested: true }),
    fail: assign((scope, { reason }: { reason: string }) => {
      const failureReason = scope.context.cancelRequested ? 'cancelled' : reason;
      return { failureReason, ...noted(scope, scope.context.status, `failing: ${failureReason}`) };
    }),
    mayHave: assign(({ context }, done: Partial<CheckoutContext['undo']>) => ({
      undo: { ...context.undo, ...done },
    })),
  },
});

const fail = (reason: string) => ({ type: 'fail', params: { reason } }) as const;
const failWithCode = {
  type: 'fail',
  params: ({ event }: { event: { code: string } }) => ({ reason: event.code }),
} as const;
const failToReserve = {
  type: 'fail',
  params: ({ event }: { event: { code: string } }) => ({
    reason: reserveRefusals[event.code] ?? 'reservation_refused',
  }),
} as const;
const keepReservation = {
  type: 'keepReservation',
  params: ({ event }: { event: { reservationId: string } }) => ({ reservationId: event.reservationId }),
} as const;

/** Enters a step: first its time limit, then the order to perform it. */
const perform = (step: Step, limit?: 'reserveMs' | 'paymentMs') =>
  [
    { type: 'begin', params: limit === undefined ? {} : { limit } },
    { type: 'perform', params: { step, delayMs: 0 } },
  ] as const;

/** After an unknown outcome: the same step again, later. It is idempotent on the far side. */
const retry = (step: Step) =>
  [
    { type: 'countRetry', params: { step } },
    {
      type: 'perform',
      params: ({ context }: { context: CheckoutContext }) => ({ step, delayMs: delayMs(context) }),
    },
  ] as const;

const undone = (step: Step, field: keyof CheckoutContext['undo']) =>
  [
    { type: 'mayHave', params: { [field]: false } },
    { type: 'note', params: { detail: `${step}: done` } },
  ] as const;

/**
 * The saga. States × events → next snapshot and orders; it does nothing itself.
 *
 * Every step stands with what undoes it: ClaimAndPrice – ReleaseClaim, Reserve – Release, Charge – Refund. What
 * may have happened is marked in `undo` before it is tried, so an unknown outcome is undone like a success.
 */
export const checkoutMachine = checkoutSetup.createMachine({
  id: 'checkout',
  version: '1',
  initial: 'pricing',
  context: ({ input: { at, ...start } }) => ({
    ...start,
    status: 'INITIATED',
    history: [],
    createdAt: at,
    lines: [],
    totalCents: 0,
    retries: 0,
    reservedAgain: 0,
    cancelRequested: false,
    undo: { charge: false, reservation: false, claim: false },
  }),
  states: {
    pricing: {
      entry: [
        { type: 'reach', params: { status: 'INITIATED' } },
        { type: 'mayHave', params: { claim: true } },
        ...perform('ClaimAndPrice', 'reserveMs'),
      ],
      on: {
        Cancel: { actions: 'requestCancel' },
        'ClaimAndPrice.done': [
          { guard: 'cancelRequested', target: 'compensating', actions: fail('cancelled') },
          {
            target: 'reserving',
            actions: assign(({ event: { lines, totalCents, cartVersion } }) => ({
              lines: [...lines],
              totalCents,
              cartVersion,
            })),
          },
        ],
        'ClaimAndPrice.refused': [
          { guard: 'isRejection', target: 'rejected', actions: failWithCode },
          { target: 'compensating', actions: failWithCode },
        ],
        'ClaimAndPrice.unknown': [
          { guard: 'mayRetry', actions: retry('ClaimAndPrice') },
          {
            target: 'compensating',
            actions: {
              type: 'fail',
              params: ({ event }) => ({ reason: `${event.party ?? 'cart'}_unavailable` }),
            },
          },
        ],
      },
    },
    reserving: {
      entry: [{ type: 'mayHave', params: { reservation: true } }, ...perform('Reserve', 'reserveMs')],
      on: {
        Cancel: { actions: 'requestCancel' },
        'Reserve.done': [
          { guard: 'cancelRequested', target: 'compensating', actions: fail('cancelled') },
          {
            guard: 'nothingToPay',
            target: 'confirming',
            actions: [keepReservation, { type: 'reach', params: { status: 'INVENTORY_RESERVED' } }],
          },
          {
            target: 'charging',
            actions: [keepReservation, { type: 'reach', params: { status: 'INVENTORY_RESERVED' } }],
          },
        ],
        'Reserve.refused': [
          // An earlier try may still be on its way: Release then keeps it from taking anything.
          { guard: 'wasRetried', target: 'compensating', actions: failToReserve },
          {
            target: 'compensating',
            actions: [failToReserve, { type: 'mayHave', params: { reservation: false } }],
          },
        ],
        'Reserve.unknown': [
          { guard: 'mayRetry', actions: retry('Reserve') },
          { target: 'compensating', actions: fail('inventory_unavailable') },
        ],
      },
    },
    charging: {
      entry: [
        { type: 'reach', params: { status: 'PAYMENT_PENDING' } },
        { type: 'mayHave', params: { charge: true } },
        ...perform('Charge', 'paymentMs'),
      ],
      on: {
        Cancel: { actions: 'requestCancel' },
        'Charge.done': [
          { guard: 'cancelRequested', target: 'compensating', actions: fail('cancelled') },
          { target: 'confirming', actions: assign(({ event }) => ({ paymentId: event.paymentId })) },
        ],
        // The payment service's last word: a charge under this id never becomes anything else.
        'Charge.declined': {
          target: 'compensating',
          actions: [
            { type: 'fail', params: ({ event }) => ({ reason: `payment_declined: ${event.reason}` }) },
            { type: 'mayHave', params: { charge: false } },
          ],
        },
        'Charge.refused': {
          target: 'compensating',
          actions: { type: 'fail', params: ({ event }) => ({ reason: `payment_declined: ${event.code}` }) },
        },
        'Charge.unknown': [
          { guard: 'mayRetry', actions: retry('Charge') },
          { target: 'compensating', actions: fail('payment_unavailable') },
        ],
      },
    },
    /** Paid: from here on the checkout is not cancelled, and unknown outcomes are retried without end. */
    confirming: {
      entry: [{ type: 'reach', params: { status: 'PAYMENT_COMPLETED' } }, ...perform('Confirm')],
      on: {
        'Confirm.done': { target: 'completed' },
        // Most likely expired: the stock went back, and may still be there.
        'Confirm.refused': [
          { guard: 'mayReserveAgain', target: 'reservingAgain' },
          { target: 'compensating', actions: fail('reservation_expired') },
        ],
        'Confirm.unknown': { actions: retry('Confirm') },
      },
    },
    reservingAgain: {
      entry: [
        assign(({ context }) => ({ reservedAgain: context.reservedAgain + 1 })),
        { type: 'note', params: { detail: 'Confirm: refused, reserving again' } },
        ...perform('Reserve'),
      ],
      on: {
        'Reserve.done': { target: 'confirming', actions: keepReservation },
        'Reserve.refused': { target: 'compensating', actions: failToReserve },
        'Reserve.unknown': { actions: retry('Reserve') },
      },
    },
    /** In the reverse order of the steps. Without a limit: each is tried until it is known to be done. */
    compensating: {
      initial: 'next',
      states: {
        next: {
          always: [
            { guard: 'mustRefund', target: 'refunding' },
            { guard: 'mustRelease', target: 'releasing' },
            { guard: 'mustReleaseClaim', target: 'releasingClaim' },
            { target: '#checkout.failed' },
          ],
        },
        refunding: {
          entry: [...perform('Refund')],
          on: {
            'Refund.done': { target: 'next', actions: [...undone('Refund', 'charge')] },
            'Refund.refused': [
              { guard: 'isNotFound', target: 'next', actions: [...undone('Refund', 'charge')] },
              { actions: retry('Refund') },
            ],
            'Refund.unknown': { actions: retry('Refund') },
          },
        },
        releasing: {
          entry: [...perform('Release')],
          on: {
            'Release.done': { target: 'next', actions: [...undone('Release', 'reservation')] },
            'Release.refused': [
              { guard: 'isNotFound', target: 'next', actions: [...undone('Release', 'reservation')] },
              { actions: retry('Release') },
            ],
            'Release.unknown': { actions: retry('Release') },
          },
        },
        releasingClaim: {
          entry: [...perform('ReleaseClaim')],
          on: {
            'ReleaseClaim.done': { target: 'next', actions: [...undone('ReleaseClaim', 'claim')] },
            'ReleaseClaim.refused': { actions: retry('ReleaseClaim') },
            'ReleaseClaim.unknown': { actions: retry('ReleaseClaim') },
          },
        },
      },
    },
    completed: {
      type: 'final',
      entry: [{ type: 'reach', params: { status: 'COMPLETED' } }, 'end', 'publishCompleted'],
    },
    failed: { type: 'final', entry: [{ type: 'reach', params: { status: 'FAILED' } }, 'end'] },
    /** Never accepted: whoever waits is refused, and nothing of it is stored. */
    rejected: { type: 'final', entry: [{ type: 'reach', params: { status: 'FAILED' } }, 'end'] },
  },
});
