import { pause, type Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { levelOfRetry } from '../observe/reason.ts';
import type { ShardEvents } from '../kernel/shard-events.ts';
import { KeptLease } from './kept-lease.ts';
import { ownerOf } from './placement.ts';
import type { ShardRegistry } from './shard-registry.ts';

export interface ShardKeeperOptions {
  readonly node: string;
  readonly shards: number;
  readonly registry: ShardRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a shard of a dead node stays its own. */
  readonly leaseMs: number;
  /** How often leases and membership are renewed. */
  readonly heartbeatMs: number;
  readonly events: ShardEvents;
}

/** The part of a lease's time after which its holder stops by itself, whatever it hears. */
const trustedPart = 0.8;

/** Heartbeats in the time of one, while a shard is awaited: its messages wait, too. */
const awaitingHeartbeats = 5;

/**
 * Holds this node's share of the shards: joins the members, takes what rendezvous hashing gives it, renews,
 * hands over what belongs to a node that joined.
 */
export class ShardKeeper {
  readonly #options: ShardKeeperOptions;
  readonly #held = new Map<number, KeptLease>();
  readonly #handOvers = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #stopping = false;
  /** A shard of this node's share is still another's, who will release it at any moment. */
  #awaiting = false;
  readonly #acquiring = new Set<number>();
  /** What went wrong in this heartbeat. */
  readonly #failures: unknown[] = [];
  /** Shards that another holds by now, as was found in this heartbeat. */
  readonly #taken: number[] = [];
  /** A round that is not over. */
  #sharing: Promise<void> | undefined;
  /** Until when the last answer of the registry vouches for this node, monotonic. */
  #readyUntil = -Infinity;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ShardKeeperOptions) {
    this.#options = options;
  }

  /** Resolves after the first round: what nobody held is this node's. */
  async start(): Promise<void> {
    await this.#share();
    this.#loop = this.#run();
  }

  get held(): number {
    return this.#held.size;
  }

  get shards(): readonly number[] {
    return [...this.#held.keys()];
  }

  get isReady(): boolean {
    return !this.#stopping && this.#options.clock.monotonic() < this.#readyUntil;
  }

  /** Hands everything over and leaves the members. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const { registry, node, logger } = this.#options;
    // Leaving first: the others take each shard the moment it is released.
    await registry
      .leave(node)
      .catch((error: unknown) => logger.debug({ err: error }, 'could not leave the members'));
    for (const lease of this.#held.values()) if (!lease.leaving) this.#handOver(lease);
    await Promise.all(this.#handOvers);
    this.#closing.abort();
    await this.#loop;
    await this.#sharing;
  }

  async #run(): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    const { signal } = this.#closing;
    const interval = () =>
      pause(clock, this.#awaiting ? heartbeatMs / awaitingHeartbeats : heartbeatMs, signal);
    for (await interval(); !signal.aborted; await interval()) {
      await this.#forAHeartbeat(this.#renewAll());
      this.#sharing ??= this.#share()
        .catch((error: unknown) => this.#failures.push(error))
        .then(() => (this.#sharing = undefined));
      await this.#forAHeartbeat(this.#sharing);
      this.#tellTroubles();
    }
  }

  /**
   * Waits for it, but not for long: the registry may be spread over several servers, and one that hangs must not
   * cost the shards that the others keep.
   */
  #forAHeartbeat(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.schedule(this.#options.heartbeatMs, resolve);
      work.then(() => resolve(), reject).finally(cancel);
    });
  }

  async #renewAll(): Promise<void> {
    const { registry, leaseMs } = this.#options;
    const heldUntil = this.#trustUntil();
    const leases = [...this.#held.values()].filter(({ renewing }) => !renewing);
    const renewals = registry.renew(leases, leaseMs);
    await Promise.all(leases.map((lease, i) => this.#renewed(lease, renewals[i], heldUntil)));
  }

  async #renewed(lease: KeptLease, renewal: Promise<boolean> | undefined, heldUntil: number): Promise<void> {
    lease.renewing = true;
    try {
      const kept = await renewal;
      this.#readyUntil = heldUntil;
      if (kept === true) lease.prolong(heldUntil);
      else if (this.#lose(lease)) this.#taken.push(lease.shard);
    } catch (error) {
      this.#failures.push(error);
      if (!lease.leaving && !lease.isHeld()) this.#lose(lease);
    } finally {
      lease.renewing = false;
    }
  }

  /** Takes what is this node's share, and hands over what is another's. */
  async #share(): Promise<void> {
    const { registry, node, leaseMs, shards } = this.#options;
    if (this.#stopping) return;
    const readyUntil = this.#trustUntil();
    const members = await registry.join(node, leaseMs);
    this.#readyUntil = readyUntil;
    if (this.#isStopping()) return registry.leave(node);
    const acquiring: Promise<void>[] = [];
    this.#awaiting = false;
    for (let shard = 0; shard < shards; shard++) {
      const mine = ownerOf(shard, members) === node;
      const lease = this.#held.get(shard);
      if (mine && lease === undefined && !this.#acquiring.has(shard)) acquiring.push(this.#acquire(shard));
      if (!mine && lease !== undefined && !lease.leaving) this.#handOver(lease);
    }
    if (acquiring.length > 0) await this.#forAHeartbeat(Promise.all(acquiring));
  }

  async #acquire(shard: number): Promise<void> {
    const { registry, node, leaseMs, clock, events, logger } = this.#options;
    const heldUntil = this.#trustUntil();
    this.#acquiring.add(shard);
    try {
      const token = await registry.acquire(shard, node, leaseMs);
      if (token === undefined) {
        this.#awaiting = true;
        return;
      }
      // An answer that comes when all others are given back.
      if (this.#isStopping()) return await registry.release(shard, token);
      const lease = new KeptLease(shard, token, clock, heldUntil);
      this.#held.set(shard, lease);
      logger.debug({ shard, lease: token }, 'shard acquired');
      events.acquired(lease);
    } catch (error) {
      this.#failures.push(error);
    } finally {
      this.#acquiring.delete(shard);
    }
  }

  /** Once a heartbeat: where one server is away, each of its shards fails in the same way. */
  #tellTroubles(): void {
    const { logger } = this.#options;
    const taken = this.#taken.splice(0);
    if (taken.length > 0) logger.warn({ shards: taken }, 'shards lost');
    const [first, ...more] = this.#failures.splice(0);
    if (first === undefined) return;
    const seen = { err: first, more: more.length };
    logger[levelOfRetry(first)](seen, 'leases and members could not be kept up to date');
  }

  #handOver(lease: KeptLease): void {
    const { registry, events, logger } = this.#options;
    lease.leaving = true;
    const done = events
      .handOver(lease)
      .then(() => {
        // From here on it is no longer held, whatever a renewal on its way says.
        this.#letGo(lease);
        return registry.release(lease.shard, lease.token);
      })
      .catch((error: unknown) => {
        this.#letGo(lease);
        logger[levelOfRetry(error)]({ err: error, shard: lease.shard }, 'shard not released; it runs out');
      })
      .finally(() => this.#handOvers.delete(done));
    this.#handOvers.add(done);
  }

  /** False where it had been let go before. */
  #lose(lease: KeptLease): boolean {
    if (!this.#letGo(lease)) return false;
    this.#options.logger.debug({ shard: lease.shard, lease: lease.token }, 'shard lost');
    this.#options.events.lost(lease);
    return true;
  }

  #letGo(lease: KeptLease): boolean {
    return this.#held.get(lease.shard) === lease && this.#held.delete(lease.shard);
  }

  /** A method, since it turns true while something else is awaited. */
  #isStopping(): boolean {
    return this.#stopping;
  }

  /** Counted from before the registry is asked, so never longer than the registry counts. */
  #trustUntil(): number {
    return this.#options.clock.monotonic() + this.#options.leaseMs * trustedPart;
  }
}
