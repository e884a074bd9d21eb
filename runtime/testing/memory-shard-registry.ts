import type { ShardRegistry } from '../cluster/shard-registry.ts';
import type { Clock } from '../define/clock.ts';

interface HeldLease {
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

  async isHeld(shard: number): Promise<boolean> {
    return this.holder(shard) !== undefined;
  }

  async acquire(shard: number, node: string, ttlMs: number): Promise<string | undefined> {
    if (this.holder(shard) !== undefined) return undefined;
    const epoch = (this.#epochs.get(shard) ?? 0) + 1;
    this.#epochs.set(shard, epoch);
    const token = `${node}#${epoch}`;
    this.#leases.set(shard, { token, expiresAt: this.#clock.monotonic() + ttlMs });
    return token;
  }

  renew(leases: readonly { shard: number; token: string }[], ttlMs: number): Promise<boolean>[] {
    return leases.map(async ({ shard, token }) => {
      const lease = this.#leases.get(shard);
      if (lease === undefined || this.holder(shard) !== token) return false;
      lease.expiresAt = this.#clock.monotonic() + ttlMs;
      return true;
    });
  }

  async release(shard: number, token: string): Promise<void> {
    if (this.holder(shard) === token) this.#leases.delete(shard);
  }

  /** The token that the mailboxes of a shard accept. */
  holder(shard: number): string | undefined {
    const lease = this.#leases.get(shard);
    return lease !== undefined && lease.expiresAt > this.#clock.monotonic() ? lease.token : undefined;
  }
}
