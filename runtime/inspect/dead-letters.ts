import { ActorError } from '../define/errors.ts';
import { carriedTrace } from '../define/trace-context.ts';
import { addressOf, parseAddress, type ActorAddress } from '../mailbox/address.ts';
import { deadLetterName, type ListPosition, type MailboxAdmin } from '../mailbox/mailbox-admin.ts';
import type { Excerpt } from '../observe/excerpt.ts';
import type { Logger } from '../observe/logger.ts';
import { eachOfPage, type BulkOptions, type BulkResult } from './bulk.ts';
import { readPage, type Page, type PageQuery } from './page.ts';

/** A message that failed for good. */
export interface DeadLetter {
  /** Names it in the cluster. */
  readonly id: string;
  /** Its actor's. */
  readonly type: string;
  readonly key: string;
  /** `AddItem` */
  readonly message: string;
  readonly reason: string;
  /** How often its handler was tried. */
  readonly attempts: number;
  /** When it failed for good, milliseconds since the epoch. */
  readonly at: number;
  /** When it was sent, milliseconds since the epoch. */
  readonly sentAt: number;
}

/** A dead letter, opened. */
export interface OpenedDeadLetter extends DeadLetter {
  /** What makes a second delivery harmless; a replay keeps it. */
  readonly messageId: string;
  readonly input: unknown;
  readonly requestId?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** The error and what caused it, outermost first: `unavailable: nobody there`. Empty where nothing was thrown. */
  readonly causes: readonly string[];
  /** The actor's state when the message failed for good, at most 16 KB. Absent where there was none to be had. */
  readonly state?: Excerpt;
}

export interface DeadLetterQuery extends PageQuery {
  /** Of this actor type alone. */
  readonly type?: string | undefined;
  /** With `type`: of this actor alone. */
  readonly key?: string | undefined;
  /** With this message alone. */
  readonly message?: string | undefined;
  /** Whose reason has this in it, whatever the case of its letters. */
  readonly reason?: string | undefined;
  /** That failed for good at this time or later, milliseconds since the epoch. */
  readonly newerThan?: number | undefined;
  /** That failed for good before this time, milliseconds since the epoch. */
  readonly olderThan?: number | undefined;
}

export interface DiscardOptions {
  /** Why, for the log. */
  readonly reason?: string | undefined;
}

/** Messages that failed for good, of actors of any type. The latest 100 of each actor are kept. */
export interface DeadLetters {
  /**
   * The oldest first.
   * @throws ActorError `invalid_request`
   */
  list(query?: DeadLetterQuery): Promise<Page<DeadLetter>>;
  /** @throws ActorError `invalid_request` */
  get(id: string): Promise<OpenedDeadLetter | undefined>;
  /**
   * Sends one again, behind what waits, under its message's id: what has been applied meanwhile is not applied again.
   * Whoever asked was told of the failure, and is not answered now. Returns whether it was there.
   * @throws ActorError `invalid_request`, `mailbox_full`
   */
  replay(id: string): Promise<boolean>;
  /**
   * Removes one. Returns whether it was there.
   * @throws ActorError `invalid_request`
   */
  discard(id: string, options?: DiscardOptions): Promise<boolean>;
  /**
   * Sends one page of a list again, the oldest first; `dryRun` only tells which that would be. What fails again meanwhile
   * is younger: with an `olderThan` of before the first page, no later page meets it.
   * @throws ActorError `invalid_request`
   */
  replayAll(query?: DeadLetterQuery, options?: BulkOptions): Promise<BulkResult<DeadLetter>>;
  /**
   * Removes one page of a list; `dryRun` only tells which that would be.
   * @throws ActorError `invalid_request`
   */
  discardAll(
    query?: DeadLetterQuery,
    options?: BulkOptions & DiscardOptions,
  ): Promise<BulkResult<DeadLetter>>;
}

export interface DeadLettersOptions {
  readonly admin: MailboxAdmin;
  readonly shards: number;
  readonly logger: Logger;
}

export function deadLetters({ admin, shards, logger }: DeadLettersOptions): DeadLetters {
  async function describe(address: ActorAddress, jobId: string): Promise<DeadLetter | undefined> {
    const { type, key } = address;
    const stored = await admin.deadLetter(address, jobId);
    if (stored === undefined) return undefined;
    const { message, reason, attempts, at, sentAt } = stored;
    return { id: deadLetterName(address, jobId), type, key, message, reason, attempts, at, sentAt };
  }

  async function list(query: DeadLetterQuery = {}): Promise<Page<DeadLetter>> {
    const { type, key, newerThan, olderThan = Infinity, limit, cursor } = query;
    if (key !== undefined && type === undefined)
      throw new ActorError('invalid_request', `dead letters of the key '${key}' need its type as well`);
    const lists = type === undefined || key === undefined ? range(shards) : [addressOf(type, key, shards)];
    // No name comes before ''.
    const first = newerThan === undefined ? undefined : { at: newerThan, name: '' };
    const part = (of: number | ActorAddress) => async (after: ListPosition | undefined, limit: number) => {
      const entries = await admin.deadLetters(of, after ?? first, limit);
      return entries
        .filter(({ at }) => at < olderThan)
        .map((entry) => ({ ...entry, name: deadLetterName(entry.address, entry.jobId) }));
    };
    return readPage(
      { limit, cursor },
      {
        parts: lists.map(part),
        async describe({ address, jobId }) {
          if (type !== undefined && type !== address.type) return undefined;
          const letter = await describe(address, jobId);
          return letter !== undefined && isMeant(letter, query) ? letter : undefined;
        },
      },
    );
  }

  async function replay(id: string): Promise<boolean> {
    const { address, jobId } = parseId(id, shards);
    return admin.replay(address, jobId);
  }

  async function discard(id: string, { reason }: DiscardOptions = {}): Promise<boolean> {
    const { address, jobId } = parseId(id, shards);
    const wasThere = await admin.discard(address, jobId);
    if (wasThere) logger.info({ actor: address.id, jobId, reason }, 'a dead letter was discarded');
    return wasThere;
  }

  return {
    list,
    async get(id) {
      const { address, jobId } = parseId(id, shards);
      const [letter, opened] = await Promise.all([
        describe(address, jobId),
        admin.openDeadLetter(address, jobId),
      ]);
      if (letter === undefined || opened === undefined) return undefined;
      const { envelope, causes = [], state } = opened;
      const { id: messageId, input, requestId } = envelope;
      return {
        ...letter,
        messageId,
        input,
        ...(requestId !== undefined && { requestId }),
        ...carriedTrace(envelope),
        causes,
        ...(state && { state }),
      };
    },
    replay,
    discard,
    replayAll: async (query, options) => eachOfPage(await list(query), options, ({ id }) => replay(id)),
    discardAll: async (query, { reason, ...options } = {}) =>
      eachOfPage(await list(query), options, ({ id }) => discard(id, { reason })),
  };
}

const range = (length: number) => Array.from({ length }, (_, i) => i);

function isMeant(letter: DeadLetter, { message, reason }: DeadLetterQuery): boolean {
  if (message !== undefined && letter.message !== message) return false;
  return reason === undefined || letter.reason.toLowerCase().includes(reason.toLowerCase());
}

/** @throws ActorError `invalid_request` */
function parseId(id: string, shards: number): { address: ActorAddress; jobId: string } {
  const [, actor, jobId] = /^([^~:]+~[^:]+):(.+)$/.exec(id) ?? [];
  try {
    if (actor === undefined || jobId === undefined) throw new Error('it is no actor and job');
    const { type, key } = parseAddress(actor, 0);
    return { address: addressOf(type, key, shards), jobId };
  } catch (cause) {
    throw new ActorError('invalid_request', `'${id}' is no id of a dead letter`, { cause });
  }
}
