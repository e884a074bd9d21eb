import { isDeepStrictEqual } from 'node:util';
import { toStorableText } from '../values/storable-text.contract.ts';
import type { CheckoutEvent } from './checkout.events.ts';
import { replayed } from './checkout.replay.ts';
import {
  isLeap,
  stateNameOf,
  type CheckoutContext,
  type CheckoutSession,
  type JournalEntry,
  type Leap,
} from './checkout.state.ts';
import { keptOf } from './checkout.steps.ts';

/** Of a checkout that is retried for a day so many stay, of the first and of the last. */
const keptFirst = 20;
const keptLast = 20;
/** In characters, of what an error said. */
const maxMessage = 200;

type Journal = readonly JournalEntry[];

/** The journal with one more event. `after`: the state and the context that it led to. */
export function withEvent(before: CheckoutSession, event: CheckoutEvent, after: CheckoutSession): Journal {
  // One that an earlier release began, or went on with, has none.
  const journal = before.journal ?? [leapTo(before)];
  const longer = [...journal, entryOf(event, before, after, journal)];
  return longer.length > keptFirst + 1 + keptLast ? shortened({ ...after, journal: longer }, longer) : longer;
}

/** Without what is in the context anyway: a replay takes it from there. */
function entryOf(
  { type, at, ...told }: CheckoutEvent,
  before: CheckoutSession,
  after: CheckoutSession,
  journal: Journal,
): JournalEntry {
  const elsewhere = new Set<string>(['message', 'shortages', ...keptOf(type)]);
  const message = 'message' in told ? toStorableText(told.message ?? '').slice(0, maxMessage) : '';
  const isSaid = message === '' || message === journal.findLast((one) => one.message !== undefined)?.message;
  const to = stateNameOf(after.value);
  return {
    ...Object.fromEntries(Object.entries(told).filter(([name]) => !elsewhere.has(name))),
    type,
    afterMs: at - before.context.createdAt,
    ...(to === stateNameOf(before.value) ? {} : { to }),
    ...(isSaid ? {} : { message }),
  };
}

/** Leaves out the first event behind those that stay. */
function shortened(session: CheckoutSession, journal: Journal): Journal {
  const [leap, next] = [journal[keptFirst], journal[keptFirst + 1]];
  const moments = replayed({ ...session, journal: journal.slice(0, keptFirst + 2) });
  const [from, to] = [moments[keptFirst]?.context, moments.at(-1)];
  // Of another machine of the same version, which an earlier release had: then only where it stands is known.
  if (leap === undefined || next === undefined || from === undefined || to?.context === undefined)
    return [leapTo(session)];
  const message = next.message ?? leap.message;
  const longer: Leap = {
    type: 'leap',
    leftOut: 1 + (isLeap(leap) ? (leap.leftOut ?? 0) : 1),
    afterMs: next.afterMs,
    to: to.state,
    context: changes(from, to.context),
    ...(message === undefined ? {} : { message }),
  };
  return [...journal.slice(0, keptFirst), longer, ...journal.slice(keptFirst + 2)];
}

/** To a session of which it is not on record how it came there. */
function leapTo(session: CheckoutSession): Leap {
  const { value, context } = session;
  const begun = replayed({ ...session, journal: [] })[0]?.context;
  const lastAt = context.history.at(-1)?.at ?? context.createdAt;
  return {
    type: 'leap',
    afterMs: lastAt - context.createdAt,
    to: stateNameOf(value),
    context: changes(begun, context),
  };
}

/** What is another in `to`; `null` where it is no more. */
function changes(from: CheckoutContext | undefined, to: CheckoutContext): Leap['context'] {
  const [before, now]: Readonly<Record<string, unknown>>[] = [{ ...from }, { ...to }];
  const changed = Object.keys({ ...before, ...now }).filter(
    (name) => !isDeepStrictEqual(before?.[name], now?.[name]),
  );
  return Object.fromEntries(changed.map((name) => [name, now?.[name] ?? null]));
}
