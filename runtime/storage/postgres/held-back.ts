import { reasonOf } from '../../observe/reason.ts';
import type { OutboxReport } from './outbox-inspection.ts';

/** Older rows are held back by something: a relay is woken by a commit. */
const lateMs = 5_000;

/**
 * What is known of why rows wait, a sentence each; nothing where none waits for long.
 *
 * @param askLog rejects where the event log does not answer
 */
export async function heldBackBy(
  { waiting, oldestAt, at, relay, standbys, republishing }: OutboxReport,
  askLog: () => Promise<unknown>,
): Promise<readonly string[]> {
  const again =
    republishing > 0 ? [`${republishing} of ${waiting} had no effect in time, and are published again`] : [];
  if (oldestAt === undefined || at - oldestAt < lateMs) return again;
  if (relay === undefined)
    return [
      ...again,
      standbys.length === 0 ? 'no relay is connected: start one' : 'no relay has taken the lock yet',
    ];
  try {
    await askLog();
  } catch (error) {
    return [...again, `the event log does not answer: ${reasonOf(error)}`];
  }
  return [...again, 'a relay is connected and the event log answers: the relay’s log tells what it meets'];
}
