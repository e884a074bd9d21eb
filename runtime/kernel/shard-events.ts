import type { ShardLease } from '../mailbox/mailbox.ts';

export interface ShardEvents {
  /** The shard is this node's from now on. */
  acquired(lease: ShardLease): void;
  /** The shard goes to another node: end the turns under way, begin no other. */
  handOver(lease: ShardLease): Promise<void>;
  /** The shard was lost without being asked: drop what belongs to it. */
  lost(lease: ShardLease): void;
}
