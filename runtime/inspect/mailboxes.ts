import { ActorError } from '../define/errors.ts';
import { addressOf, type ActorAddress } from '../mailbox/address.ts';
import type { ListPosition } from '../mailbox/mailbox-admin.ts';
import type { MailboxState, MailboxView, MessageState, StoredMessage } from '../mailbox/mailbox-view.ts';
import type { Envelope } from '../mailbox/mailbox.ts';
import { cutJson, excerptOf } from '../observe/excerpt.ts';
import type { MailboxMessage, MailboxReport } from './mailbox-report.ts';
import { readPage, type Page, type PageQuery } from './page.ts';
import type { ShardHolders } from './shards.ts';

export interface MailboxQuery extends PageQuery {
  /** Of this actor type alone. */
  readonly type?: string | undefined;
  /** With `type`: keys that begin so. */
  readonly key?: string | undefined;
  /** Those that hold such messages, or whose actor is parked. Default: that hold any, or are parked. */
  readonly state?: MailboxState | undefined;
  /**
   * `deepest` (default): those first that hold most of such messages; without a state, where most wait or, where none
   * does, are active. `oldest`: those first whose first such message came earliest; delayed ones by when they are due, parked ones by since when they are.
   */
  readonly order?: 'deepest' | 'oldest' | undefined;
}

export interface MailboxPage extends Page<MailboxReport> {
  /** Of some shard, only the first thousand mailboxes with anything in them were looked at. */
  readonly isPartial: boolean;
}

export interface MessageQuery {
  /** Default: all states. */
  readonly state?: MessageState | undefined;
  /** So many of each state at most, 1 to 200. Default 50. */
  readonly limit?: number | undefined;
}

/** The mailboxes that hold something. Idle actors have none. */
export interface Mailboxes {
  /**
   * While they are listed, they change: one that grows or shrinks meanwhile may come on two pages, or on none.
   * @throws ActorError `invalid_request`
   */
  list(query?: MailboxQuery): Promise<MailboxPage>;
  /**
   * One mailbox, and its messages: active, waiting, delayed and failed ones, those first that come next or failed last.
   * @throws ActorError `invalid_request`
   */
  get(type: string, key: string, query?: MessageQuery): Promise<OpenedMailbox>;
  /** One message, with at most 64 KB of its input. */
  message(type: string, key: string, jobId: string): Promise<MailboxMessage | undefined>;
}

export interface OpenedMailbox extends MailboxReport {
  readonly messages: readonly MailboxMessage[];
}

export interface MailboxesOptions {
  readonly view: MailboxView;
  readonly holders: ShardHolders;
  readonly shards: number;
}

const maxLookedAt = 1_000;
const maxMessages = 200;
const defaultMessages = 50;
const maxListedBytes = 2_048;
const maxOpenedBytes = 65_536;
const messageStates = ['active', 'waiting', 'delayed', 'failed'] as const;

export function mailboxes(options: MailboxesOptions): Mailboxes {
  const { view, shards } = options;
  return {
    async list({ type, key, state, order = 'deepest', ...page } = {}) {
      const idPrefix = idPrefixOf(type, key);
      let isPartial = false;
      const search = { idPrefix, state, order, maxLookedAt };
      const find = (shard: number) => async (after: ListPosition | undefined, limit: number) => {
        const part = await view.find(shard, search, after, limit);
        isPartial ||= part.isPartial;
        return part.found;
      };
      const holders = askedOnce(options.holders);
      const listed = await readPage(page, {
        parts: Array.from({ length: shards }, (_, shard) => find(shard)),
        describe: ({ address }) => report({ view, holders }, address),
      });
      return { ...listed, isPartial };
    },
    async get(type, key, { state, limit = defaultMessages } = {}) {
      if (!Number.isInteger(limit) || limit < 1 || limit > maxMessages)
        throw new ActorError(
          'invalid_request',
          `messages are listed 1 to ${maxMessages} at a time, not ${limit}`,
        );
      const address = addressOf(type, key, shards);
      const states = messageStates.filter((one) => state === undefined || one === state);
      const [mailbox, ...found] = await Promise.all([
        report(options, address),
        ...states.map((one) => view.messages(address, one, limit, maxListedBytes)),
      ]);
      return { ...mailbox, messages: found.flat().map((stored) => messageOf(stored, maxListedBytes)) };
    },
    async message(type, key, jobId) {
      const stored = await view.message(addressOf(type, key, shards), jobId);
      return stored && messageOf(stored, maxOpenedBytes);
    },
  };
}

/** Of a list, many are of one shard. */
function askedOnce(holders: ShardHolders): ShardHolders {
  const asked = new Map<number, ReturnType<ShardHolders['holder']>>();
  return {
    holder(shard) {
      const known = asked.get(shard) ?? holders.holder(shard);
      asked.set(shard, known);
      return known;
    },
  };
}

/** How much lies in one mailbox. */
export async function report(
  { view, holders }: Pick<MailboxesOptions, 'view' | 'holders'>,
  address: ActorAddress,
): Promise<MailboxReport> {
  const { type, key, shard } = address;
  const [contents, holder] = await Promise.all([view.contents(address), holders.holder(shard)]);
  const { oldestAt, parked, ...counts } = contents;
  return {
    ...{ type, key, shard },
    ...(holder && { node: holder.node }),
    ...counts,
    ...(oldestAt !== undefined && { oldestAt }),
    ...(parked && {
      parked: {
        ...('message' in parked && { message: parked.message }),
        ...{ reason: parked.reason, attempts: parked.attempts, at: parked.at },
      },
    }),
  };
}

function messageOf({ data, bytes, ...stored }: StoredMessage, maxBytes: number): MailboxMessage {
  // A part of an envelope is no JSON.
  if (Buffer.byteLength(data) < bytes) return { ...stored, input: { json: data, bytes, isCut: true } };
  const envelope = parsed(data);
  if (envelope === undefined) return { ...stored, input: cutJson(data, maxBytes) };
  const { id: messageId, input, requestId, traceparent, deadline } = envelope;
  return {
    ...stored,
    input: excerptOf(input, maxBytes),
    messageId,
    ...(requestId !== undefined && { requestId }),
    ...(traceparent !== undefined && { traceparent }),
    ...(deadline !== undefined && { deadline }),
  };
}

/** Undefined: somebody else has written it. */
function parsed(data: string): Envelope | undefined {
  try {
    const value = JSON.parse(data) as Envelope | null;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @throws ActorError `invalid_request` */
function idPrefixOf(type: string | undefined, key: string | undefined): string {
  if (type === undefined) {
    if (key === undefined) return '';
    throw new ActorError(
      'invalid_request',
      `mailboxes of keys that begin with '${key}' need their type as well`,
    );
  }
  if (key?.isWellFormed() === false)
    throw new ActorError('invalid_request', 'the beginning of a key has characters that are no text');
  return addressOf(type, key ?? '', 1).id;
}
