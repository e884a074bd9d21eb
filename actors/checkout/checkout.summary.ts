import type { PendingEffect } from '@trolley/runtime';
import { traceIdOf } from '@trolley/runtime/adapters';
import { endingOf } from './checkout.saga.ts';
import { replayed } from './checkout.replay.ts';
import {
  isLeap,
  stateNameOf,
  type CheckoutContext,
  type CheckoutSession,
  type JournalEntry,
} from './checkout.state.ts';
import { isStepName, stepNamed } from './checkout.steps.ts';

/** A checkout as it is stored, with what it waits for. `changedAt` in milliseconds since the epoch. */
export interface StoredCheckout {
  readonly session: CheckoutSession;
  readonly effect?: Pick<PendingEffect, 'name' | 'notBefore' | 'traceparent'> | undefined;
  readonly changedAt: number;
}

/** One whose row this release cannot read: what its columns tell. Times in milliseconds since the epoch. */
export interface UnreadableCheckout {
  readonly id: string;
  readonly userId: number;
  readonly version: string;
  readonly state: string;
  readonly startedAt: number;
  readonly changedAt: number;
  readonly ended: boolean;
  /** Why it cannot be read. */
  readonly unreadable: string;
}

/** What operators see of it in a list. Times in milliseconds since the epoch. */
export function summaryOf(stored: StoredCheckout | UnreadableCheckout): CheckoutSummary {
  if (isReadable(stored)) return summaryOfReadable(stored);
  const { userId, ...known } = stored;
  return { ...known, subject: `user ${userId}`, mayResume: false, mayCompensate: false };
}

export interface CheckoutSummary extends Omit<UnreadableCheckout, 'userId' | 'unreadable'> {
  readonly subject: string;
  readonly unreadable?: string;
  readonly mayResume: boolean;
  readonly mayCompensate: boolean;
  readonly failure?: string;
  readonly waits?: {
    readonly step: string;
    readonly label: string;
    readonly attempts: number;
    readonly since: number;
    readonly nextTryAt: number;
    readonly giveUpAt?: number;
    readonly error?: { readonly code: string; readonly message?: string };
  };
}

const isReadable = (stored: StoredCheckout | UnreadableCheckout): stored is StoredCheckout =>
  'session' in stored;

function summaryOfReadable({ session, effect, changedAt }: StoredCheckout): CheckoutSummary {
  const { context, machineVersion: version, value } = session;
  const { checkoutId: id, userId, createdAt, failureReason, retries: attempts, giveUpAt } = context;
  const error = lastErrorOf(session);
  const isOpen = endingOf(session) === undefined;
  const isWaiting = effect !== undefined && isStepName(effect.name);
  return {
    ...{ id, version, state: stateNameOf(value), subject: `user ${userId}`, startedAt: createdAt, changedAt },
    ended: !isOpen,
    mayResume: isOpen,
    // What is being undone is given up already.
    mayCompensate: isOpen && typeof value === 'string',
    ...(failureReason === undefined ? {} : { failure: failureReason }),
    ...(isWaiting
      ? {
          waits: {
            ...{ step: effect.name, label: stepNamed(effect.name).label, attempts },
            since: enteredAt(session),
            nextTryAt: effect.notBefore,
            ...(giveUpAt === undefined ? {} : { giveUpAt }),
            ...(error === undefined || attempts === 0 ? {} : { error }),
          },
        }
      : {}),
  };
}

interface CheckoutCourse {
  readonly summary: CheckoutSummary;
  readonly steps: readonly CourseStep[];
  readonly notes: readonly { readonly at: number; readonly text: string }[];
  readonly traceId?: string;
}

interface CourseStep extends Partial<Happening> {
  readonly at: number;
  readonly state: string;
  readonly context?: CheckoutContext;
  readonly attempt?: number;
}

/** What operators see of its course. Times in milliseconds since the epoch. */
export function courseOf(stored: StoredCheckout | UnreadableCheckout): CheckoutCourse {
  if (!isReadable(stored)) {
    const { changedAt: at, state } = stored;
    return { summary: summaryOf(stored), steps: [{ at, state }], notes: [] };
  }
  const { session, effect } = stored;
  const { context } = session;
  const state = stateNameOf(session.value);
  const traceId = session.traceId ?? traceIdOf(effect?.traceparent);
  const said = saying();
  const moments = session.journal === undefined ? [] : replayed(session);
  const steps = moments.map(({ entry, ...moment }): CourseStep => ({
    ...moment,
    ...(entry === undefined ? {} : happeningOf(entry, said(entry))),
    ...(moment.context === undefined || moment.context.retries === 0
      ? {}
      : { attempt: moment.context.retries }),
  }));
  const ending: CourseStep = { at: stored.changedAt, state, context };
  return {
    summary: summaryOf(stored),
    // One that an earlier release ended: where it stands is all that is on record.
    steps: steps.length > 0 ? steps : [ending],
    notes: context.history.map(({ status, at, detail }) => ({ at, text: detail ?? status })),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

interface Happening {
  readonly event: string;
  readonly step?: string;
  readonly isCompensation?: boolean;
  readonly error?: { readonly code: string; readonly message?: string };
  readonly note?: string;
  readonly leftOut?: number;
}

function happeningOf(entry: JournalEntry, message: string | undefined): Happening {
  if (isLeap(entry)) return { event: '…', leftOut: entry.leftOut ?? 0 };
  const { type, code, reason, by } = entry;
  const [name = ''] = type.split('.');
  const note = [by, reason].filter((word) => typeof word === 'string').join(': ');
  return {
    event: type,
    ...(isStepName(name) ? { step: name, isCompensation: 'mark' in stepNamed(name) } : {}),
    ...(typeof code === 'string' ? { error: { code, ...(message === undefined ? {} : { message }) } } : {}),
    ...(note === '' ? {} : { note }),
  };
}

/** What an error said is on record where it was not what the last one said. */
function saying() {
  let last: string | undefined;
  return ({ message }: JournalEntry) => (last = message ?? last);
}

function lastErrorOf({ journal = [] }: CheckoutSession) {
  const entry = journal.findLast((each) => 'code' in each && typeof each['code'] === 'string');
  const message = journal.findLast((each) => each.message !== undefined)?.message;
  if (entry === undefined || isLeap(entry)) return undefined;
  return { code: String(entry['code']), ...(message === undefined ? {} : { message }) };
}

/** When it came where it is. */
function enteredAt({ journal = [], context }: CheckoutSession): number {
  const entry = journal.findLast(({ to }) => to !== undefined);
  return context.createdAt + (entry?.afterMs ?? 0);
}

/** One event that it took. */
export interface Move {
  readonly version: string;
  readonly from: string;
  readonly event: string;
  readonly to: string;
  readonly at: number;
}

/** What its journal tells of; what was left out of it counts, and is not told of. */
export function movesOf(
  journal: readonly JournalEntry[],
  { version, createdAt, begunIn }: { version: string; createdAt: number; begunIn: string },
): { readonly moves: readonly Move[]; readonly count: number } {
  let from = begunIn;
  let count = 0;
  const moves: Move[] = [];
  for (const entry of journal) {
    const to = entry.to ?? from;
    count += isLeap(entry) ? (entry.leftOut ?? 0) : 1;
    if (!isLeap(entry)) moves.push({ version, from, event: entry.type, to, at: createdAt + entry.afterMs });
    from = to;
  }
  return { moves, count };
}
