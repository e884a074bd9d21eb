import type { NodeDetails } from './node-report.ts';
import type { ContractReport } from './contract-report.ts';

/** A shard that came to a node, or left it, as that node saw it. */
export interface ShardStep {
  readonly shard: number;
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `released`: handed over on purpose. `lost`: its lease ran out or was taken. */
  readonly why: 'acquired' | 'released' | 'lost';
}

/** What a node posts. */
export interface NodePost {
  readonly details: NodeDetails;
  readonly contracts: readonly ContractReport[];
  /** Since the post before, the oldest first. */
  readonly steps: readonly ShardStep[];
}

/** Steps that are kept, of all nodes together. */
export const stepsKept = 1_000;

/** Where nodes post what is to be seen of them. It may be emptied at any time: each posts again. */
export interface NodeBoard {
  /** In place of what the node posted before; it stays for `ttlMs`. */
  post(node: string, post: NodePost, ttlMs: number): Promise<void>;
  /** The node has left; what it did last is kept. */
  remove(node: string, steps: readonly ShardStep[]): Promise<void>;
  /** What these nodes posted, in their order; undefined: nothing that is still there. */
  details(nodes: readonly string[]): Promise<readonly (NodeDetails | undefined)[]>;
  /** What these nodes host: each list of contracts once, however many nodes have it. */
  contracts(nodes: readonly string[]): Promise<readonly (readonly ContractReport[])[]>;
  /** The latest first, at most `limit`. */
  steps(limit: number): Promise<readonly ShardStep[]>;
}
