import { hash } from '../mailbox/address.ts';

/**
 * The node that a shard belongs to, by rendezvous hashing: each node scores each shard, the highest score wins.
 * When a node joins or leaves, only its own share moves.
 */
export function ownerOf(shard: number, nodes: readonly string[]): string | undefined {
  let owner: string | undefined;
  let best = -1;
  for (const node of nodes) {
    const score = hash(`${node}/${shard}`);
    if (score > best || (score === best && owner !== undefined && node < owner)) {
      best = score;
      owner = node;
    }
  }
  return owner;
}
