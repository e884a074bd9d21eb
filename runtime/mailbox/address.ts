/** Where an actor's messages go: its type and key, and the shard that its key falls in. */
export interface ActorAddress {
  readonly type: string;
  readonly key: string;
  /** `type~key`, safe as a BullMQ queue name: the actor's name in Redis. */
  readonly id: string;
  readonly shard: number;
}

export function addressOf(type: string, key: string, shards: number): ActorAddress {
  // A queue name cannot contain ':'.
  const id = `${type}~${encodeURIComponent(key)}`;
  return { type, key, id, shard: hash(id) % shards };
}

export function parseAddress(id: string, shard: number): ActorAddress {
  const at = id.indexOf('~');
  return { type: id.slice(0, at), key: decodeURIComponent(id.slice(at + 1)), id, shard };
}

/** FNV-1a with a final mix; stable for ever, since it places keys that are already queued. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
