import type { ActorContract } from '../define/contract.ts';
import { addressOf } from '../mailbox/address.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';

/** An actor that takes no messages until somebody releases it. */
export interface ParkedActor {
  readonly type: string;
  readonly key: string;
  /** The message that it failed at, first in its mailbox. */
  readonly message: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Actors whose policy is to stop at a message that fails for good; see `onPoison`. */
export interface ParkedActors {
  /** At most `limit` of them, default 1000. */
  list(limit?: number): Promise<ParkedActor[]>;
  /**
   * Lets one go on: `retry` with the message that it failed at, once its code or its data have been mended;
   * `give-up` behind it, which makes a dead letter of it. Returns whether it was parked.
   */
  release(
    contract: Pick<ActorContract, 'type'>,
    key: string,
    firstMessage: 'retry' | 'give-up',
  ): Promise<boolean>;
}

export function parkedActors(mailbox: Mailbox, shards: number): ParkedActors {
  return {
    async list(limit = 1_000) {
      const found: ParkedActor[] = [];
      for (let shard = 0; shard < shards && found.length < limit; shard++) {
        for (const parked of await mailbox.parked(shard, limit - found.length)) {
          const { address, message, reason, at } = parked;
          found.push({ type: address.type, key: address.key, message, reason, at });
        }
      }
      return found;
    },
    release: ({ type }, key, firstMessage) => mailbox.release(addressOf(type, key, shards), firstMessage),
  };
}
