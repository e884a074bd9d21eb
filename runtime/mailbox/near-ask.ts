import type { ActorAddress } from './address.ts';
import type { Envelope } from './mailbox.ts';

/** An ask that spares the trip through the mailbox: of the process of its actor, or of one that is linked to it. */
export interface NearAsk {
  readonly jobId: string;
  /** Shares nothing with what its asker holds. */
  readonly envelope: Envelope;
  /** Its asker gave it no id and no key: nobody can ask it again. */
  readonly isUnnamed: boolean;
  /** It will be handled before whatever comes into the mailbox from now on. */
  admit(): void;
  /** It has to go through the mailbox. Resolves when it is there, or its asker has heard that it is not. */
  giveBack(): Promise<void>;
}

/** The actors of a process, for those who ask in the same one, or in one that is linked to it. */
export interface NearActors {
  /** Takes an ask; false when it has to go through the mailbox. */
  take(to: ActorAddress, ask: () => NearAsk): boolean;
}
