import { ActorError } from '../define/errors.ts';
import { addressOf, parseAddress, type ActorAddress } from '../mailbox/address.ts';
import { deadLetterName, type MailboxAdmin } from '../mailbox/mailbox-admin.ts';
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
}

export interface DeadLetterQuery extends PageQuery {
  /** Of this actor type alone. */
  readonly type?: string | undefined;
  /** With `type`: of this actor alone. */
  readonly key?: string | undefined;
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
  discard(id: string): Promise<boolean>;
}

export function deadLetters(admin: MailboxAdmin, shards: number): DeadLetters {
  async function describe(address: ActorAddress, jobId: string): Promise<DeadLetter | undefined> {
    const { type, key } = address;
    const stored = await admin.deadLetter(address, jobId);
    if (stored === undefined) return undefined;
    const { message, reason, attempts, at, sentAt } = stored;
    return { id: deadLetterName(address, jobId), type, key, message, reason, attempts, at, sentAt };
  }

  return {
    async list({ type, key, ...page } = {}) {
      if (key !== undefined && type === undefined)
        throw new ActorError('invalid_request', `dead letters of the key '${key}' need its type as well`);
      const lists = type === undefined || key === undefined ? range(shards) : [addressOf(type, key, shards)];
      return readPage(page, {
        parts: lists.map((list) => async (after, limit) => {
          const entries = await admin.deadLetters(list, after, limit);
          return entries.map((entry) => ({ ...entry, name: deadLetterName(entry.address, entry.jobId) }));
        }),
        describe: async ({ address, jobId }) =>
          type === undefined || type === address.type ? describe(address, jobId) : undefined,
      });
    },
    async get(id) {
      const { address, jobId } = parseId(id, shards);
      const [letter, envelope] = await Promise.all([
        describe(address, jobId),
        admin.deadEnvelope(address, jobId),
      ]);
      if (letter === undefined || envelope === undefined) return undefined;
      const { id: messageId, input, requestId, traceparent } = envelope;
      return {
        ...letter,
        messageId,
        input,
        ...(requestId !== undefined && { requestId }),
        ...(traceparent !== undefined && { traceparent }),
      };
    },
    async replay(id) {
      const { address, jobId } = parseId(id, shards);
      return admin.replay(address, jobId);
    },
    async discard(id) {
      const { address, jobId } = parseId(id, shards);
      return admin.discard(address, jobId);
    },
  };
}

const range = (length: number) => Array.from({ length }, (_, i) => i);

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
