import { canonicalFingerprint } from '../mailbox/fingerprint.ts';
import type { Envelope } from '../mailbox/mailbox.ts';
import { appliedJson } from '../storage/record-json.ts';
import type { ActorRecord, AppliedMessage } from '../storage/state-store.ts';
import { foundIn, withArchived } from './archive.ts';

/** Messages without a key that are remembered with their answers: more than a crash may deliver again. */
const unkeyedKept = 32;
/** So many more may be there before they are looked through: not with every message of a hot key. */
const unkeyedSlack = 16;
/** Older ones are kept within this, those of the turn under way whatever their size. Characters of JSON. */
const unkeyedChars = 8 * 1_024;
/** Redis writes its log once a second, so what it brings back when it was killed is not much older than that. */
const bringBackMs = 3_000;
/** Older ones are remembered by their id alone, and so many at most: a key that is hotter than that relies on keys. */
const idsKept = 512;
/** Those with a key are written with each turn until they are so many, or so large; then they go to the archive. */
const keyedKept = 32;
const keyedChars = 12 * 1_024;

type Known = Pick<ActorRecord, 'applied' | 'archive' | 'waiting'>;

/** With the messages of a turn applied, and no more remembered than there is room for. */
export function withApplied(
  { applied, archive, waiting }: Known,
  ofTurn: readonly AppliedMessage[],
  now: number,
): Pick<ActorRecord, 'applied' | 'archive'> {
  const recent = withinBounds([...applied, ...ofTurn], ofTurn.length, now);
  const kept = archive === undefined ? {} : { archive };
  const keyed = recent.filter(isKeyed);
  if (keyed.length <= keyedKept && charsOf(keyed) <= keyedChars) return { applied: recent, ...kept };
  // Who waits for an answer is still to be found here when it comes.
  const awaited = new Set(waiting.map(({ messageId }) => messageId));
  const leaving = new Set(keyed.filter(({ id }) => !awaited.has(id)));
  if (leaving.size === 0) return { applied: recent, ...kept };
  return {
    applied: recent.filter((one) => !leaving.has(one)),
    archive: withArchived(archive ?? [], [...leaving], now),
  };
}

/** The message as it was applied before: in this turn, lately, or long ago with a key. */
export function appliedBefore(
  { applied, archive }: Pick<ActorRecord, 'applied' | 'archive'>,
  ofTurn: readonly AppliedMessage[],
  { id, fingerprint }: Pick<AppliedMessage, 'id' | 'fingerprint'>,
): AppliedMessage | undefined {
  const recent = withId(ofTurn, id) ?? withId(applied, id);
  if (recent !== undefined || archive === undefined || fingerprint === undefined) return recent;
  return foundIn(archive, id, fingerprint);
}

/** Whether a message is the one that was applied under its id, whatever the order of its input's keys. */
export function isSameRequest(known: AppliedMessage, envelope: Envelope): boolean {
  if (known.fingerprint === envelope.fingerprint) return true;
  return (known.canonical ?? known.fingerprint) === canonicalFingerprint(envelope);
}

/**
 * What a message under an idempotency key is known by: as it came, which is all that older nodes look at, and with its
 * keys sorted.
 */
export function fingerprintsOf(envelope: Envelope): Pick<AppliedMessage, 'fingerprint' | 'canonical'> {
  const { fingerprint } = envelope;
  if (fingerprint === undefined) return {};
  const canonical = canonicalFingerprint(envelope);
  return canonical === fingerprint ? { fingerprint } : { fingerprint, canonical };
}

/** Ids that one process made differ in their last character most often. */
function withId(messages: readonly AppliedMessage[], id: string): AppliedMessage | undefined {
  const last = id.charCodeAt(id.length - 1);
  return messages.find((one) => one.id.charCodeAt(one.id.length - 1) === last && one.id === id);
}

/** It changed something, and came with a key. */
const isKeyed = (one: AppliedMessage) => one.fingerprint !== undefined && one.unchanging !== true;

/** Remembered with its answer, and without a key. */
const isWhole = (one: AppliedMessage) => !isKeyed(one) && one.answerDropped !== true;

/** @param notEnded so many of the last ones: a crash may deliver them again */
function withinBounds(
  applied: readonly AppliedMessage[],
  notEnded: number,
  now: number,
): readonly AppliedMessage[] {
  const whole = wholeOf(applied);
  if (whole.length <= unkeyedKept + unkeyedSlack && charsOf(whole) <= unkeyedChars) return applied;
  let younger = 0;
  let chars = 0;
  const kept: AppliedMessage[] = [];
  for (let i = applied.length - 1; i >= 0; i--) {
    const one = applied[i];
    if (one === undefined) break;
    if (isKeyed(one)) {
      kept.push(one);
      continue;
    }
    younger++;
    const isOfTurn = i >= applied.length - notEnded;
    if (younger <= unkeyedKept && one.answerDropped !== true) chars += sizeOf(one);
    if (younger <= unkeyedKept && (chars <= unkeyedChars || isOfTurn)) kept.push(one);
    else if (younger <= idsKept && one.at > now - bringBackMs) kept.push(withoutAnswer(one));
  }
  return kept.reverse();
}

/** Those whose answers were dropped are older than all whole ones, so only the young are looked at. */
function wholeOf(applied: readonly AppliedMessage[]): readonly AppliedMessage[] {
  const whole: AppliedMessage[] = [];
  for (let i = applied.length - 1; i >= 0; i--) {
    const one = applied[i];
    if (one === undefined || one.answerDropped === true) break;
    if (isWhole(one)) whole.push(one);
  }
  return whole;
}

function withoutAnswer(one: AppliedMessage): AppliedMessage {
  if (one.answerDropped === true) return one;
  const { answer: _, ...rest } = one;
  // One shape for nearly all of them: a hot key has hundreds.
  if (one.fingerprint !== undefined || one.unchanging !== undefined) return { answerDropped: true, ...rest };
  return { id: one.id, at: one.at, answerDropped: true };
}

const sizeOf = (one: AppliedMessage) => appliedJson(one).length;

const charsOf = (messages: readonly AppliedMessage[]) => messages.reduce((sum, one) => sum + sizeOf(one), 0);
