import type { ActorContract } from '../define/contract.ts';
import { addressOf } from '../mailbox/address.ts';
import type { MailboxAdmin, ParkedEntry } from '../mailbox/mailbox-admin.ts';
import { readPage, type Page, type PageQuery } from './page.ts';

/** An actor that takes no messages until somebody releases it. */
export interface ParkedActor {
  readonly type: string;
  readonly key: string;
  /** The message that it failed at, first in its mailbox. Absent: it failed at its state, an effect or a reminder. */
  readonly message?: string;
  readonly reason: string;
  /** How often the handler was tried. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ParkedQuery extends PageQuery {
  /** Of this actor type alone. */
  readonly type?: string | undefined;
}

/**
 * Actors that have stopped: at a message that failed for good, where that is their policy (see `onPoison`); at the
 * outcome of an effect or a reminder that failed for good; or at a state that this version cannot read.
 */
export interface ParkedActors {
  /**
   * Those parked longest first.
   * @throws ActorError `invalid_request`
   */
  list(query?: ParkedQuery): Promise<Page<ParkedActor>>;
  /** Undefined: it is not parked. */
  get(contract: Pick<ActorContract, 'type'>, key: string): Promise<ParkedActor | undefined>;
  /**
   * Lets one go on: `retry` with the message that it failed at, once its code or its data have been mended;
   * `give-up` behind it, which makes a dead letter of it. What is no message is not given up: it is tried again.
   * Returns whether it was parked.
   */
  release(
    contract: Pick<ActorContract, 'type'>,
    key: string,
    firstMessage: 'retry' | 'give-up',
  ): Promise<boolean>;
}

export function parkedActors(admin: MailboxAdmin, shards: number): ParkedActors {
  return {
    list: ({ type, ...page } = {}) =>
      readPage(page, {
        parts: Array.from({ length: shards }, (_, shard) => async (after, limit) => {
          const entries = await admin.parked(shard, after, limit);
          return entries.map((entry) => ({ ...entry, name: entry.address.id }));
        }),
        describe: async (entry) =>
          type !== undefined && type !== entry.address.type ? undefined : reportOf(entry),
      }),
    async get({ type }, key) {
      const entry = await admin.whyParked(addressOf(type, key, shards));
      return entry && reportOf(entry);
    },
    release: ({ type }, key, firstMessage) => admin.release(addressOf(type, key, shards), firstMessage),
  };
}

function reportOf({ address, reason, attempts, at, ...failed }: ParkedEntry): ParkedActor {
  const message = 'message' in failed ? { message: failed.message } : {};
  return { type: address.type, key: address.key, ...message, reason, attempts, at };
}
