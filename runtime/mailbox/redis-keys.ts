/** Everything of a shard lives in one Redis Cluster slot: its keys share this hash tag. */
export const shardPrefix = (namespace: string, shard: number) => `{${namespace}-${shard}}`;

/** The key of a shard's lease: what the scripts check a token against. */
export const leaseKey = (namespace: string, shard: number) => `${shardPrefix(namespace, shard)}:own`;

/** The counter that a shard's leases are numbered by. */
export const epochKey = (namespace: string, shard: number) => `${shardPrefix(namespace, shard)}:epoch`;

/** The stream on which a shard's owner hears that an idle actor has got a message. */
export const bellKey = (namespace: string, shard: number) => `${shardPrefix(namespace, shard)}:bell`;
