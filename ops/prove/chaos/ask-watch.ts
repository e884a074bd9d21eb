import { addressOf } from '@trolley/runtime/adapters';
import type { Takeover, Watched } from './cluster-messages.ts';
import { Ledger } from './ledger.ts';

interface Window {
  slowestMs: number;
  failed: number;
}

interface Vacancy {
  readonly node: string;
  readonly at: number;
  /** Shards that the node answered for last and nobody has answered for since. */
  readonly shards: Set<number>;
  firstMs?: number;
}

/** One message under way, from its first try to its answer. */
export interface WatchedAsk {
  answered(key: string, node: string): void;
  /** A try ended without an answer. */
  failed(): void;
  ended(): void;
}

/** Sees, from a caller's side, who answers for which shard and how long anything took while a fault was on. */
export class AskWatch {
  readonly #shards: number;
  readonly #onTakeover: (fault: number, takeover: Takeover) => void;
  readonly #ownerOf = new Map<number, string>();
  readonly #vacancies = new Map<number, Vacancy>();
  readonly #windows = new Map<number, Window>();
  readonly #underWay = new Set<number>();

  constructor(shards: number, onTakeover: (fault: number, takeover: Takeover) => void) {
    this.#shards = shards;
    this.#onTakeover = onTakeover;
  }

  begin(): WatchedAsk {
    // A fraction of its own keeps equal times apart.
    const startedAt = performance.now() + Math.random() * 1e-6;
    this.#underWay.add(startedAt);
    const ended = () => {
      this.#underWay.delete(startedAt);
      this.#spread(performance.now() - startedAt);
    };
    return {
      ended,
      answered: (key, node) => {
        ended();
        this.#answered(addressOf(Ledger.type, key, this.#shards).shard, node);
      },
      failed: () => {
        for (const window of this.#windows.values()) window.failed++;
      },
    };
  }

  open(fault: number): void {
    this.#windows.set(fault, { slowestMs: 0, failed: 0 });
  }

  close(fault: number): Watched {
    const now = performance.now();
    for (const startedAt of this.#underWay) this.#spread(now - startedAt);
    const window = this.#windows.get(fault) ?? { slowestMs: 0, failed: 0 };
    this.#windows.delete(fault);
    return window;
  }

  lost(fault: number, node: string, at: number): void {
    const shards = [...this.#ownerOf].filter(([, owner]) => owner === node).map(([shard]) => shard);
    if (shards.length > 0) this.#vacancies.set(fault, { node, at, shards: new Set(shards) });
  }

  #answered(shard: number, node: string): void {
    this.#ownerOf.set(shard, node);
    for (const [fault, vacancy] of this.#vacancies) {
      // An answer that was on its way when the node went is not one of its successor.
      if (node === vacancy.node || !vacancy.shards.delete(shard)) continue;
      const ms = Date.now() - vacancy.at;
      const isFirst = vacancy.firstMs === undefined;
      vacancy.firstMs ??= ms;
      const isLast = vacancy.shards.size === 0;
      if (isLast) this.#vacancies.delete(fault);
      if (isFirst || isLast) {
        this.#onTakeover(fault, { firstMs: vacancy.firstMs, ...(isLast ? { allMs: ms } : {}) });
      }
    }
  }

  #spread(ms: number): void {
    for (const window of this.#windows.values()) window.slowestMs = Math.max(window.slowestMs, ms);
  }
}
