import type { DeepReadonly } from '@trolley/runtime';
import { z } from 'zod';
import { isoTime } from '../values/iso-time.ts';
import { Shortage } from '../values/shortage.contract.ts';
import type { CheckoutView } from './checkout.contract.ts';
import { ShippingAddress } from './shipping-address.contract.ts';
import { CheckoutStatus } from './checkout-status.contract.ts';
import { PricedLine } from './checkout.pricing.ts';

/** One status reached, or one thing that happened under it. `at` in milliseconds since the epoch. */
export const HistoryEntry = z.object({ status: CheckoutStatus, at: z.int(), detail: z.string().optional() });
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** The context of the machine: all that is known of a checkout. Times in milliseconds since the epoch. */
export const CheckoutContext = z.object({
  checkoutId: z.uuid(),
  userId: z.int().positive(),
  idempotencyKey: z.string(),
  shippingAddress: ShippingAddress.optional(),
  paymentMethod: z.string().optional(),
  currency: z.string(),
  /** Copied from the settings when the checkout starts: another setting does not move it under way. */
  limits: z.object({ reserveMs: z.int().positive(), paymentMs: z.int().positive() }),

  status: CheckoutStatus,
  history: z.array(HistoryEntry),
  createdAt: z.int(),
  completedAt: z.int().optional(),
  failureReason: z.string().optional(),
  /** What there was too little of, where that was the reason. */
  failureDetails: z.array(Shortage).optional(),

  lines: z.array(PricedLine),
  totalCents: z.int().nonnegative(),
  cartVersion: z.int().nonnegative().optional(),
  reservationId: z.string().optional(),
  paymentId: z.string().optional(),

  /** Unknown outcomes of the step under way so far. */
  retries: z.int().nonnegative(),
  /** When the step under way is given up; without it, never. */
  giveUpAt: z.int().optional(),
  /** How often stock was reserved anew because a paid checkout's reservation was gone. */
  reservedAgain: z.int().nonnegative(),
  cancelRequested: z.boolean(),
  /** What has to be undone should the checkout fail now: whatever may have happened, known or not. */
  undo: z.object({ charge: z.boolean(), reservation: z.boolean(), claim: z.boolean() }),
});
export type CheckoutContext = DeepReadonly<z.infer<typeof CheckoutContext>>;

const Recorded = {
  /** Milliseconds since the checkout began; below 0 where the clock was set back. */
  afterMs: z.int(),
  /** What an error said; absent where it says what the last one did. */
  message: z.string().optional(),
};

/** An event that the machine took, without what of it is in the context: `checkout.replay.ts` puts that back. */
export const JournalEvent = z.looseObject({
  ...Recorded,
  type: z.string(),
  /** The state that it led to; absent where that is the one before. */
  to: z.string().optional(),
});

/** Events that are not on record, and what came of them together. */
export const Leap = z.object({
  ...Recorded,
  type: z.literal('leap'),
  /** How many; absent where nobody counted them. */
  leftOut: z.int().positive().optional(),
  to: z.string(),
  /** What is another in the context than before them; `null`: it is no more. */
  context: z.record(z.string(), z.unknown()),
});
export type Leap = DeepReadonly<z.infer<typeof Leap>>;

export const JournalEntry = z.union([Leap, JournalEvent]);
export type JournalEntry = DeepReadonly<z.infer<typeof JournalEntry>>;

export function isLeap(entry: JournalEntry): entry is Leap {
  return entry.type === 'leap';
}

/** A snapshot of the machine as it is stored: plain JSON, with what it needs to be understood later. */
export const CheckoutSession = z.object({
  machine: z.string(),
  machineVersion: z.string(),
  value: z.union([z.string(), z.record(z.string(), z.string())]),
  context: CheckoutContext,
  /** Of the request that began it, where that was traced. */
  traceId: z.string().optional(),
  /** How it came there; absent in what a release stored that kept none. */
  journal: z.array(JournalEntry).optional(),
});
export type CheckoutSession = DeepReadonly<z.infer<typeof CheckoutSession>>;

/** `compensating.refunding` */
export function stateNameOf(value: CheckoutSession['value']): string {
  return typeof value === 'string' ? value : Object.entries(value).flat().join('.');
}

export function stateNamed(name: string): CheckoutSession['value'] {
  const [parent = name, child] = name.split('.');
  return child === undefined ? parent : { [parent]: child };
}

/** `null`: nothing was ever started under this key. */
export const CheckoutState = z.object({ session: CheckoutSession.nullable() });
export type CheckoutState = DeepReadonly<z.infer<typeof CheckoutState>>;

export function viewOf({ context }: CheckoutSession): CheckoutView {
  const { checkoutId, userId, status, failureReason, failureDetails, totalCents, currency } = context;
  // Those that failed were once stored without it.
  const completedAt = context.completedAt ?? (status === 'FAILED' ? context.history.at(-1)?.at : undefined);
  return {
    checkoutId,
    userId,
    status,
    ...(failureReason === undefined || status !== 'FAILED' ? {} : { failureReason }),
    ...(failureDetails === undefined || status !== 'FAILED' ? {} : { failureDetails: [...failureDetails] }),
    totalCents,
    currency,
    createdAt: isoTime(context.createdAt),
    ...(completedAt === undefined ? {} : { completedAt: isoTime(completedAt) }),
    history: context.history.map((entry) => ({ ...entry, at: isoTime(entry.at) })),
  };
}
