/** How a client reaches one of the things compared. */
export interface Variant {
  /** Sends to a key and waits for the answer. */
  ask(key: string): Promise<void>;
  /** Resolves when the message is queued. */
  tell(key: string): Promise<void>;
  close(): Promise<void>;
}

/** The other side of a variant, in a process of its own. */
export interface Host {
  /** Actors in its memory, where it has any. */
  readonly activations?: number;
  close(): Promise<void>;
}

export type VariantName = 'trolley' | 'plain' | 'floor';

/** A table of PostgreSQL, for several hosts of one namespace. */
export interface SharedStore {
  readonly postgresUrl: string;
  readonly table: string;
}

export interface HostSettings {
  readonly variant: VariantName;
  readonly redisUrl: string;
  readonly namespace: string;
  /** Jobs that the plain Worker handles at once. */
  readonly concurrency: number;
  /** `fresh`: the store keeps nothing and gives each key a state of 1 KB, to weigh what an actor itself costs. */
  readonly store: 'kept' | 'fresh' | SharedStore;
  /** How long an actor may be idle before it leaves memory. */
  readonly idleMs: number;
  /** Of a dead node. */
  readonly leaseMs: number;
}

/** The same work for every variant: add to a total per key, answer with it. */
export const input = { by: 1, note: 'one more of the same, please' };

export const messageName = 'Add';

/** The only way in which one BullMQ Worker keeps the order of a key, as a mailbox must, and its default. */
export const inOrder = { concurrency: 1 };
/** What a Worker can do that keeps no order; shown beside, since it is not the same service. */
export const unordered = { concurrency: 64 };
