/** A shard's lease, as it stands. */
export interface ShardHolder {
  readonly node: string;
  /** `node#epoch` */
  readonly token: string;
  /** When the node took it, milliseconds since the epoch. */
  readonly heldSince: number;
  /** It runs out then, unless it is renewed. */
  readonly expiresInMs: number;
}

/** What a cluster agrees on: who is a member, and who holds which shard. */
export interface ShardRegistry {
  /** Says that this node lives, for `ttlMs` from now, and returns all members that live, sorted. */
  join(node: string, ttlMs: number): Promise<string[]>;
  leave(node: string): Promise<void>;
  /** All members that live, sorted. */
  members(): Promise<string[]>;
  /** Who holds the shard; undefined: no node. */
  holder(shard: number): Promise<ShardHolder | undefined>;
  /**
   * Takes a shard that nobody holds, for `ttlMs`.
   * @returns the lease's token, new each time, or `undefined` while another holds it
   */
  acquire(shard: number, node: string, ttlMs: number): Promise<string | undefined>;
  /**
   * Prolongs the leases that are still the holder's; says of each whether it was. Each has an answer of its own: they
   * may be kept by several servers, of which one may be away.
   */
  renew(leases: readonly { shard: number; token: string }[], ttlMs: number): Promise<boolean>[];
  /** Gives a shard back, if it is still the holder's. */
  release(shard: number, token: string): Promise<void>;
}
