import type { Ack } from './mailbox.ts';

/** A failure as the scripts take it. What its job keeps of it is text already, as it lies there. */
export function encodeFailure(
  reason: string,
  { attempts = 0, causes = [], state }: Omit<Ack, 'jobId' | 'failedReason'>,
): string {
  const kept = { causes: JSON.stringify(causes), state: state === undefined ? '' : JSON.stringify(state) };
  return JSON.stringify({ reason, attempts, ...kept });
}
