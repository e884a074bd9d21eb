/** The id before that of any entry. */
export const firstStreamId = '0-0';

/** Compares ids of stream entries: `milliseconds-sequence`. */
export function isAfter(one: string, other: string): boolean {
  const [ms = 0, sequence = 0] = one.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms === otherMs ? sequence > otherSequence : ms > otherMs;
}
