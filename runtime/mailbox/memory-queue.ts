import type { ActorAddress } from './address.ts';
import type { PostMortem } from './mailbox.ts';
import type { ParkedEntry } from './mailbox-admin.ts';

export interface Job {
  readonly jobId: string;
  data: string;
  starts: number;
  /** Starts noted and not taken back. */
  begun: number;
  readonly sentAt: number;
}

export interface DeadJob extends Job, PostMortem {
  readonly reason: string;
  readonly attempts: number;
  readonly at: number;
}

/** One actor's mailbox in memory. */
export interface MemoryQueue {
  readonly address: ActorAddress;
  wait: Job[];
  active: Job[];
  /** By when they are due. */
  delayed: (Job & { readonly at: number })[];
  failed: DeadJob[];
  parked: ParkedEntry | undefined;
}
