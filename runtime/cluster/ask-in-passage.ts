import type { ActorAddress } from '../mailbox/address.ts';
import type { Envelope } from '../mailbox/mailbox.ts';

/** An ask on its way, whoever asks it: in this process, or in one that is linked to it. */
export interface AskInPassage {
  readonly to: ActorAddress;
  readonly jobId: string;
  readonly envelope: Envelope;
  /** Nobody waits for its answer any more. */
  readonly over: boolean;
  /** Its message is in the mailbox. */
  wasSent(): void;
  /** It cannot be sent. */
  fail(error: unknown): void;
  /** Whatever is sent to its actor from now on comes behind it. */
  onAdmitted?(): void;
}
