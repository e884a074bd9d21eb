import type { ShardHolder, ShardRegistry } from '../cluster/shard-registry.ts';
import type { Clock } from '../define/clock.ts';

interface HeldLease {
  readonly node: string;
  readonly heldSince: number;
  readonly token: string;
  expiresAt: number;
}

/** Members and leases in this process's memory, with the rules of the real registry; TTLs go by its clock. */
export class MemoryShardRegistry implements ShardRegistry {
  readonly #clock: Clock;
  readonly #members = new Map<string, number>();
  readonly #leases = new Map<number, HeldLease>();
  readonly #epochs = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async join(node: string, ttlMs: number): Promise<string[]> {
    this.#members.set(node, this.#clock.monotonic() + ttlMs);
    return this.members();
  }

  async members(): Promise<string[]> {
    const now = this.#clock.monotonic();
    for (const [member, expiresAt] of this.#members) if (expiresAt <= now) this.#members.delete(member);
    return [...this.#members.keys()].sort();
  }

  async leave(node: string): Promise<void> {
    this.#members.delete(node);
  }

  async holder(shard: number): Promise<ShardHolder | undefined> {
    const lease = this.#held(shard);
    if (lease === undefined) return undefined;
    const { node, token, heldSince, expiresAt } = lease;
    return { node, token, heldSince, expiresInMs: expiresAt - this.#clock.monotonic() };
  }

  async acquire(shard: number, node: string, ttlMs: number): Promise<string | undefined> {
    if (this.#held(shard) !== undefined) return undefined;
    const epoch = (this.#epochs.get(shard) ?? 0) + 1;
    this.#epochs.set(shard, epoch);
    const token = `${node}#${epoch}`;
    const [heldSince, expiresAt] = [this.#clock.now(), this.#clock.monotonic() + ttlMs];
    this.#leases.set(shard, { node, token, heldSince, expiresAt });
    return token;
  }

  renew(leases: readonly { shard: number; token: string }[], ttlMs: number): Promise<boolean>[] {
    return leases.map(async ({ shard, token }) => {
      const lease = this.#leases.get(shard);
      if (lease === undefined || this.token(shard) !== token) return false;
      lease.expiresAt = this.#clock.monotonic() + ttlMs;
      return true;
    });
  }

  async release(shard: number, token: string): Promise<void> {
    if (this.token(shard) === token) this.#leases.delete(shard);
  }

  /** The token that the mailboxes of a shard accept. */
  token(shard: number): string | undefined {
    return this.#held(shard)?.token;
  }

  #held(shard: number): HeldLease | undefined {
    const lease = this.#leases.get(shard);
    return lease !== undefined && lease.expiresAt > this.#clock.monotonic() ? lease : undefined;
  }
}
