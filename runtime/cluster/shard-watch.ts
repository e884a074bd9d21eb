import type { Cancel, Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import type { ShardRegistry } from './shard-registry.ts';

export interface ShardWatchOptions {
  readonly registry: Pick<ShardRegistry, 'holder'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the shards of a dead node stay its own. */
  readonly leaseMs: number;
  /** Who waits for an answer. */
  readonly waiting: () => Iterable<Waiting>;
  /** No node holds the shard, nor will one that took over from another; heard again with each look. */
  readonly onUnheld: (shard: number) => void;
}

export interface Waiting {
  readonly shard: number;
  /** Monotonic. */
  readonly since: number;
}

/** The part of a lease that an answer may take before its shard is looked at. */
const unsuspiciousPart = 1 / 3;
/** The part of a lease from one look to the next. */
const lookPart = 1 / 6;
/** A shard that passes from one node to another is held again within a heartbeat or two: a smaller part of a lease. */
const takeoverPart = 0.6;

/**
 * Notices when no node holds the shard that somebody waits for. It costs nothing while answers come, and a glance
 * at one key for each shard that keeps somebody waiting.
 */
export class ShardWatch {
  readonly #options: ShardWatchOptions;
  /** Since when a shard was seen without a node, monotonic. */
  readonly #unheldSince = new Map<number, number>();
  /** Without a node for so long that who waits has been told. */
  readonly #unheld = new Set<number>();
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(options: ShardWatchOptions) {
    this.#options = options;
  }

  /** Somebody waits from now on. */
  wake(): void {
    if (this.#cancel === undefined) this.#lookAfter(unsuspiciousPart);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #lookAfter(partOfLease: number): void {
    const { clock, leaseMs } = this.#options;
    if (!this.#closed) this.#cancel = clock.schedule(leaseMs * partOfLease, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock, leaseMs, waiting } = this.#options;
    const wasWhole = this.#unheld.size === 0;
    const suspicious = clock.monotonic() - leaseMs * unsuspiciousPart;
    const shards = new Set(this.#unheld);
    let isAwaited = false;
    for (const { shard, since } of waiting()) {
      isAwaited = true;
      if (since <= suspicious) shards.add(shard);
    }
    for (const shard of this.#unheldSince.keys()) if (!shards.has(shard)) this.#unheldSince.delete(shard);
    await Promise.all([...shards].map((shard) => this.#lookAt(shard)));
    this.#tell(wasWhole);
    this.#cancel = undefined;
    if (isAwaited || this.#unheld.size > 0) this.#lookAfter(lookPart);
  }

  async #lookAt(shard: number): Promise<void> {
    const { registry, clock, leaseMs, onUnheld } = this.#options;
    let held: boolean;
    try {
      held = (await registry.holder(shard)) !== undefined;
    } catch {
      // Of a registry that is away nothing is known, and who sends is told so.
      this.#unheldSince.delete(shard);
      return;
    }
    if (held) {
      this.#unheldSince.delete(shard);
      this.#unheld.delete(shard);
      return;
    }
    const now = clock.monotonic();
    const since = this.#unheldSince.get(shard) ?? now;
    this.#unheldSince.set(shard, since);
    if (now - since < leaseMs * takeoverPart) return;
    this.#unheld.add(shard);
    onUnheld(shard);
  }

  /** With the first shard and after the last: nodes that are gone leave many, and each is waited for at its own time. */
  #tell(wasWhole: boolean): void {
    const { logger } = this.#options;
    const shards = [...this.#unheld];
    if (wasWhole && shards.length > 0) logger.warn({ shards }, `no node holds shard ${shards.join(', ')}`);
    if (!wasWhole && shards.length === 0) logger.info('nodes hold the shards again');
  }
}
