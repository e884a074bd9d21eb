import { ActorError } from '../define/errors.ts';
import type { MailboxView } from '../mailbox/mailbox-view.ts';
import { stepsKept, type NodeBoard } from './node-board.ts';

/** A shard, and who holds it. */
export interface ShardLeaseReport {
  readonly shard: number;
  /** Absent: no node holds it, and what is sent to its actors waits. */
  readonly lease?: {
    readonly node: string;
    /** `node#epoch`: the fencing token. */
    readonly token: string;
    /** Milliseconds since the epoch. */
    readonly heldSince: number;
    /** It runs out then, unless it is renewed. */
    readonly expiresInMs: number;
  };
  /** Actors that have something to do by now. */
  readonly readyActors: number;
}

/** A shard that came to a node or left it. */
export interface ShardMove {
  readonly shard: number;
  /** Absent: nobody had it, or it is too long ago. */
  readonly from?: string;
  /** Absent: it had left, and had not come to another yet. */
  readonly to?: string;
  /** By the clock of that node, milliseconds since the epoch. */
  readonly at: number;
  /** `released`: handed over on purpose. `lost`: its lease ran out or was taken. */
  readonly why: 'acquired' | 'released' | 'lost';
}

/** Who holds which shard. */
export interface ShardHolders {
  holder(shard: number): Promise<ShardLeaseReport['lease']>;
}

/** The shards of a cluster. */
export interface Shards {
  /** All of them, in order. */
  list(): Promise<readonly ShardLeaseReport[]>;
  /**
   * The latest moves first. A node that dies tells nothing: what it had is `acquired` by another, from it.
   * @param limit 1 to 200; default 200
   * @throws ActorError `invalid_request`
   */
  moves(limit?: number): Promise<readonly ShardMove[]>;
}

export interface ShardsOptions {
  readonly holders: ShardHolders;
  readonly view: Pick<MailboxView, 'ready'>;
  readonly board: Pick<NodeBoard, 'steps'>;
  readonly shards: number;
}

const maxMoves = 200;

export function shards({ holders, view, board, shards: count }: ShardsOptions): Shards {
  return {
    // Asked all at once, which is one round trip to each server of Redis: the connection makes one pipeline of them.
    list: () =>
      Promise.all(
        Array.from({ length: count }, async (_, shard) => {
          const [lease, readyActors] = await Promise.all([holders.holder(shard), view.ready(shard)]);
          return { shard, ...(lease && { lease }), readyActors };
        }),
      ),
    async moves(limit = maxMoves) {
      if (!Number.isInteger(limit) || limit < 1 || limit > maxMoves)
        throw new ActorError('invalid_request', `moves are listed 1 to ${maxMoves} at a time, not ${limit}`);
      // More are read than are shown: a node's acquisition is told from where the shard was before.
      const steps = await board.steps(stepsKept);
      const last = new Map<number, string>();
      const moves: ShardMove[] = [];
      // Each node posts its own a while later, so they are not in order.
      for (const { shard, node, at, why } of steps.toSorted((one, other) => one.at - other.at)) {
        const from = last.get(shard);
        if (why === 'acquired') moves.push({ shard, ...(from !== undefined && { from }), to: node, at, why });
        else moves.push({ shard, from: node, at, why });
        last.set(shard, node);
      }
      return moves.reverse().slice(0, limit);
    },
  };
}
