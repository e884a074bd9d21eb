import type { CheckoutEvent, CheckoutInput } from './checkout.events.ts';
import { checkoutMachine } from './checkout.machine.ts';
import {
  isLeap,
  stateNamed,
  stateNameOf,
  type CheckoutContext,
  type CheckoutSession,
  type JournalEntry,
  type Leap,
} from './checkout.state.ts';
import { keptOf } from './checkout.steps.ts';
import { inertCheckout } from './inert-checkout.ts';

/** How a checkout stood after something had happened. */
export interface Moment {
  /** Absent of the first one, at which it began. */
  readonly entry?: JournalEntry;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly state: string;
  /** Absent where this release has another machine than the one that it went through. */
  readonly context?: CheckoutContext;
}

/** Whether this release has the machine that a session is of. */
export function isOfThisRelease({ machine, machineVersion }: CheckoutSession): boolean {
  return machine === checkoutMachine.id && machineVersion === checkoutMachine.version;
}

/**
 * A checkout from its beginning on: what its journal tells, told to the machine again. That is a pure function, so the
 * contexts come out as they were, and none of them is stored.
 */
export function replayed(session: CheckoutSession): readonly Moment[] {
  const { context, journal = [] } = session;
  const { createdAt } = context;
  const [begun] = inertCheckout.begin(startOf(context));
  let state = stateNameOf(begun.value);
  let snapshot = isOfThisRelease(session) ? begun : undefined;
  const moments: Moment[] = [];
  const add = (at: number, entry: { readonly entry?: JournalEntry }) => {
    moments.push({ ...entry, at, state, ...(snapshot === undefined ? {} : { context: snapshot.context }) });
  };
  add(createdAt, {});
  for (const entry of journal) {
    state = entry.to ?? state;
    if (snapshot !== undefined) {
      snapshot = isLeap(entry)
        ? inertCheckout.restore(stateNamed(state), landed(snapshot.context, entry))
        : inertCheckout.next(snapshot, eventOf(entry, context))[0];
      // The machine was changed since: what it makes of the rest would be another checkout.
      if (stateNameOf(snapshot.value) !== state) snapshot = undefined;
    }
    add(createdAt + entry.afterMs, { entry });
  }
  return moments;
}

function startOf(context: CheckoutContext): CheckoutInput {
  const { checkoutId, userId, idempotencyKey, shippingAddress, paymentMethod, currency, limits, createdAt } =
    context;
  return {
    ...{ checkoutId, userId, idempotencyKey, currency, limits, at: createdAt },
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    ...(paymentMethod === undefined ? {} : { paymentMethod }),
  };
}

function eventOf(entry: JournalEntry, context: CheckoutContext): CheckoutEvent {
  const { type, afterMs, to: _to, ...told } = entry;
  const kept = keptOf(type).map((name) => [name, context[name]] as const);
  const { failureDetails: shortages } = context;
  return {
    ...told,
    ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
    ...(shortages !== undefined && type.endsWith('.refused') ? { shortages } : {}),
    ...{ type, at: context.createdAt + afterMs },
  } as CheckoutEvent;
}

function landed(context: CheckoutContext, { context: changes }: Leap): CheckoutContext {
  const all: [string, unknown][] = Object.entries({ ...context, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== null)) as CheckoutContext;
}
