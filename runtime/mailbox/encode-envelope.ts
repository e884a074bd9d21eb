import { ActorError } from '../define/errors.ts';
import type { ActorAddress } from './address.ts';
import type { Envelope } from './mailbox.ts';

/** What a message may take, as JSON. Redis does nothing else while it copies one, so a large one delays them all. */
const maxBytes = 1_048_576;

/** @throws ActorError `payload_too_large` */
export function encodeEnvelope(to: ActorAddress, envelope: Envelope): string {
  const data = JSON.stringify(envelope);
  // A character is a byte at least, and three at most.
  if (data.length * 3 <= maxBytes) return data;
  const bytes = Buffer.byteLength(data);
  if (bytes <= maxBytes) return data;
  throw new ActorError(
    'payload_too_large',
    `${to.type} ${to.key}: ${envelope.name} has ${bytes} bytes; a message may have ${maxBytes}`,
  );
}
