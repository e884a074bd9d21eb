import type { PendingEffect } from '../storage/state-store.ts';

/*
 * What an actor still wants: effects to be performed and reminders to come. They share a list, since a crash must
 * forget neither, and are named apart.
 */

type Named = Pick<PendingEffect, 'id' | 'reminder'>;

const isSame = (one: Named, other: Named) => one.id === other.id && one.reminder === other.reminder;

/** With another one, in place of any of the same name; the earliest due first. */
export function withPending(
  pending: readonly PendingEffect[],
  added: PendingEffect,
): readonly PendingEffect[] {
  const others = withoutPending(pending, added);
  const later = others.findIndex(({ notBefore }) => notBefore > added.notBefore);
  return later < 0 ? [...others, added] : [...others.slice(0, later), added, ...others.slice(later)];
}

export function withoutPending(pending: readonly PendingEffect[], named: Named): readonly PendingEffect[] {
  return pending.some((one) => isSame(one, named)) ? pending.filter((one) => !isSame(one, named)) : pending;
}

/** When it is due by a clock that says `now`, and that may have been set back since it was pending. */
export function dueAtOf({ notBefore, delayMs = Infinity }: PendingEffect, now: number): number {
  return Math.min(notBefore, now + delayMs);
}

/** When the first of them is due, milliseconds since the epoch; Infinity when there is none. */
export function wakeAtOf(pending: readonly PendingEffect[], now: number): number {
  return pending.reduce((earliest, one) => Math.min(earliest, dueAtOf(one, now)), Infinity);
}
