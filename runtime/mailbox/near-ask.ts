import type { ActorAddress } from './address.ts';
import type { Envelope } from './mailbox.ts';

/** An ask to an actor of the process that asks, which spares it the trip through the mailbox. */
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

/** The actors of a process, for those who ask in the same one. */
export interface NearActors {
  /** Takes an ask; false when it has to go through the mailbox. */
  take(to: ActorAddress, ask: () => NearAsk): boolean;
}
