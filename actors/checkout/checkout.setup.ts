import { backOffMs } from '@trolley/runtime';
import { assign, setup } from 'xstate';
import type { Shortage } from '../values/shortage.contract.ts';
import type { CheckoutStatus } from './checkout-status.contract.ts';
import type { CheckoutEvent, CheckoutInput } from './checkout.events.ts';
import type { CheckoutContext } from './checkout.state.ts';
import type { Compensation } from './checkout.step.ts';
import { keptOf, type StepName } from './checkout.steps.ts';

const maxReservedAgain = 3;
const retry = { firstMs: 200, maxMs: 5000 };
/** Where only the far side's return helps, it is asked less often. */
const endlessRetry = { firstMs: 200, maxMs: 30_000 };

export function delayMs(context: CheckoutContext): number {
  return backOffMs(context.giveUpAt === undefined ? endlessRetry : retry, context.retries - 1);
}

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

/** Already there, or not given: nothing. */
function reached(scope: Scope, status: CheckoutStatus | undefined) {
  const { context } = scope;
  const isThere = context.status === status && context.history.length > 0;
  return status === undefined || isThere ? {} : noted(scope, status);
}

function marked({ undo }: CheckoutContext, mark: Compensation['mark']) {
  return { undo: { ...undo, [mark]: true } };
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

function isRepeated(event: CheckoutEvent): boolean {
  return 'repeated' in event && event.repeated;
}

type Limit = keyof CheckoutContext['limits'];
interface Marked {
  readonly mark: Compensation['mark'];
}

/** What entering a step does to the context, in one go: each assignment costs xstate a snapshot. */
interface Entered {
  readonly status?: CheckoutStatus | undefined;
  readonly mark?: Compensation['mark'] | undefined;
  readonly limit?: Limit | undefined;
}

interface Failure {
  readonly reason: string;
  readonly shortages?: readonly Shortage[] | undefined;
}

/** What the machine can look at and do; `checkout.machine.ts` says when. */
export const checkoutSetup = setup({
  types: {
    context: {} as CheckoutContext,
    events: {} as CheckoutEvent,
    input: {} as CheckoutInput,
    meta: {} as { readonly step: StepName },
  },
  guards: {
    cancelRequested: ({ context }) => context.cancelRequested,
    mayRetry: ({ context, event }) =>
      !context.cancelRequested &&
      (context.giveUpAt === undefined ||
        timeOf({ context, event }) + delayMs({ ...context, retries: context.retries + 1 }) <
          context.giveUpAt),
    nothingToPay: ({ context }) => context.totalCents === 0,
    mayHaveRun: ({ context, event }) => context.retries > 0 || isRepeated(event),
    mayReserveAgain: ({ context }) => context.reservedAgain < maxReservedAgain,
    /** The cart gave nothing: then nothing was accepted, and the same key may begin anew. */
    isRejection: ({ event }) => 'code' in event && rejections.has(event.code),
    isNotFound: ({ event }) => 'code' in event && event.code === 'not_found',
    isMarked: ({ context }, { mark }: Marked) => context.undo[mark],
  },
  actions: {
    // These two are commands to whoever runs the machine, given once the snapshot is durable.
    perform: (_, _command: { step: StepName; delayMs: number }) => {},
    publishCompleted: () => {},

    reach: assign((scope, { status }: { status: CheckoutStatus }) => reached(scope, status)),
    note: assign((scope, { detail }: { detail: string }) => noted(scope, scope.context.status, detail)),
    /** What may come of the step is marked before it is tried; its time limit begins. */
    enter: assign((scope, { status, mark, limit }: Entered) => ({
      retries: 0,
      giveUpAt: limit === undefined ? undefined : timeOf(scope) + scope.context.limits[limit],
      ...reached(scope, status),
      ...(mark === undefined ? {} : marked(scope.context, mark)),
    })),
    /** One entry per step, counting: a step that is retried for a day does not fill the row. */
    countRetry: assign((scope, { step }: { step: StepName }) => {
      const { history, status, retries } = scope.context;
      const resumed = scope.event.type === 'Resume' ? 'resumed' : 'unknown';
      const code = 'code' in scope.event ? scope.event.code : resumed;
      const detail = `${step}: ${retries + 1} × ${code}`;
      const earlier = retries === 0 ? history : history.slice(0, -1);
      const entry = { status, at: timeOf(scope), detail };
      return { retries: retries + 1, history: [...earlier, entry], giveUpAt: boundedGiveUpAt(scope) };
    }),
    countReservedAgain: assign(({ context }) => ({ reservedAgain: context.reservedAgain + 1 })),
    /** Of a step's answer, which has the names of the context. */
    keep: assign(({ event }): Partial<CheckoutContext> => {
      const kept = new Set<string>(keptOf(event.type));
      return Object.fromEntries(Object.entries(event).filter(([name]) => kept.has(name)));
    }),
    markForUndo: assign(({ context }, { mark }: Marked) => marked(context, mark)),
    /** What came after a step whose answer may wait, and which runs again now, may have happened. */
    markIfRepeated: assign(({ context, event }, { mark }: Marked) =>
      isRepeated(event) ? marked(context, mark) : {},
    ),
    unmark: assign(({ context }, { mark }: Marked) => ({ undo: { ...context.undo, [mark]: false } })),
    requestCancel: assign({ cancelRequested: true }),
    fail: assign((scope, { reason, shortages }: Failure) => {
      const { cancelRequested, status } = scope.context;
      const failureReason = cancelRequested ? 'cancelled' : reason;
      const failureDetails = cancelRequested || shortages === undefined ? {} : { failureDetails: shortages };
      return { failureReason, ...failureDetails, ...noted(scope, status, `failing: ${failureReason}`) };
    }),
    end: assign((scope, { status }: { status: CheckoutStatus }) => ({
      completedAt: timeOf(scope),
      ...reached(scope, status),
    })),
  },
});
