import type { ActorRefs, Clock } from '@trolley/runtime';
import { ActorError } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import { postgresFailure, type PostgresPool } from '@trolley/runtime/postgres';
import { z } from 'zod';
import { CheckoutContract } from './checkout.contract.ts';
import { checkoutMachine } from './checkout.machine.ts';
import { createMoveReader } from './checkout.moves.postgres.ts';
import { CheckoutSession, CheckoutState, stateNamed, stateNameOf } from './checkout.state.ts';
import { checkoutTable } from './checkout.store.postgres.ts';
import {
  courseOf,
  summaryOf,
  type CheckoutSummary,
  type StoredCheckout,
  type UnreadableCheckout,
} from './checkout.summary.ts';

export interface CheckoutSagasOptions {
  readonly pool: PostgresPool;
  readonly refs: ActorRefs;
  readonly clock: Pick<Clock, 'now'>;
}

/** Milliseconds. Whoever waits for a step for longer is stuck, also at the first try. */
const stuckAfterMs = 15_000;
/** Checkouts under way that one statement looks through. */
const maxOpen = 50_000;
const defaultLimit = 50;
/** Milliseconds. An order is in the mailbox by then, or refused. */
const orderTimeoutMs = 10_000;

const columns = ['id', 'created_at', 'updated_at', ...checkoutTable.columns.map(({ name }) => name)].join(
  ', ',
);
const effect = `runtime #> '{effects,0}' AS effect`;

/**
 * Those under way, by the index over what is due: each of them wants an effect, and what has ended wants none. The order
 * is what makes PostgreSQL take that index, and the limit what keeps the rest from being looked at when it is wrong.
 */
const openCheckouts = `(
  SELECT ${columns}, ${effect} FROM checkout_sessions WHERE runtime -> 'effects' <> '[]'::jsonb
  ORDER BY ((runtime #>> '{effects,0,notBefore}')::bigint) LIMIT ${maxOpen}) AS open`;

/** Compared as JSON: what is no number is stuck as well, and fails no other. */
const isStuck = `(machine_snapshot #> '{context,retries}' IS DISTINCT FROM '0' OR (effect ->> 'notBefore')::bigint < $1)`;
const mostCounted = 10_000;

const Position = z.tuple([z.iso.datetime(), z.uuid()]);

interface Page {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** What operators see of checkouts, read from the table that their actors write, and what they order. */
export function createCheckoutSagas({ pool, refs, clock }: CheckoutSagasOptions) {
  async function read(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<(StoredCheckout | UnreadableCheckout)[]> {
    let rows: Record<string, unknown>[];
    try {
      ({ rows } = await pool.query<Record<string, unknown>>(text, [...values]));
    } catch (error) {
      throw postgresFailure('checkout_sessions', error);
    }
    return rows.map(readRow);
  }

  /** `order`: the column that the page goes by, then the id. */
  async function page(
    { from, where, values, order, isNewestFirst }: Listing,
    { limit = defaultLimit, cursor }: Page,
  ) {
    const [beyond, way] = isNewestFirst ? ['<', 'DESC'] : ['>', 'ASC'];
    const position = cursor === undefined ? [] : positionOf(cursor);
    const next = values.length;
    const after = `(${order}, id) ${beyond} ($${next + 1}::timestamptz, $${next + 2}::uuid)`;
    // One more than asked for tells whether there is a next page.
    const rows = await read(
      `SELECT * FROM ${from} WHERE ${position.length === 0 ? where : `${where} AND ${after}`}
       ORDER BY ${order} ${way}, id ${way} LIMIT ${limit + 1}`,
      [...values, ...position],
    );
    const items = rows.slice(0, limit).map(summaryOf);
    const last = items.at(-1);
    if (rows.length === items.length || last === undefined) return { items };
    return { items, cursor: tokenOf(order, last) };
  }

  const stuckBefore = () => clock.now() - stuckAfterMs;
  const actorOf = (id: string) => refs.ref(CheckoutContract, id);
  const ended = (status: string) => `(SELECT ${columns}, ${effect}, runtime FROM checkout_sessions
    WHERE status = '${status}') AS ended`;

  return {
    machine: checkoutMachine.id,
    actorType: CheckoutContract.type,
    looker: () => createMoveReader(pool, clock),

    list({ version, state }: { readonly version: string; readonly state: string }, query: Listed) {
      const status = statusOfEnd(state);
      if (status !== undefined) {
        // Of any version, since none but those under way can be told apart by an index.
        const all = { where: 'TRUE', values: [], order: 'updated_at' } as const;
        return page({ ...all, from: ended(status), isNewestFirst: query.order !== 'oldest' }, query);
      }
      const where = `machine_snapshot -> 'value' = $1::jsonb AND machine_snapshot ->> 'version' = $2`;
      const values = [JSON.stringify(stateNamed(state)), version];
      const isNewestFirst = query.order === 'newest';
      return page({ from: openCheckouts, where, values, order: 'updated_at', isNewestFirst }, query);
    },

    stuck(query: Page) {
      const values = [stuckBefore()];
      return page(
        { from: openCheckouts, where: isStuck, values, order: 'created_at', isNewestFirst: false },
        query,
      );
    },

    /** How many are stuck, counted up to 10,000, and when the first of these began, milliseconds since the epoch. */
    async countStuck(): Promise<{ readonly count: number; readonly firstBegan: number | undefined }> {
      const { rows } = await pool.query<{ count: number; first_began: Date | null }>(
        `SELECT count(*)::int AS count, min(created_at) AS first_began FROM (
           SELECT created_at FROM ${openCheckouts} WHERE ${isStuck} LIMIT ${mostCounted}) AS stuck`,
        [stuckBefore()],
      );
      const [{ count, first_began: first } = { count: 0, first_began: null }] = rows;
      return { count, firstBegan: first === null ? undefined : Number(first) };
    },

    async find(text: string) {
      const said = text.trim().toLowerCase();
      const userId = /^(?:user )?([1-9][0-9]{0,15})$/.exec(said)?.[1];
      const isId = z.guid().safeParse(said).success;
      if (userId === undefined && !isId) return [];
      const where = isId ? 'id = $1' : 'user_id = $1';
      const found = await read(
        `SELECT ${columns}, ${effect} FROM checkout_sessions WHERE ${where}
         ORDER BY created_at DESC, id LIMIT ${defaultLimit}`,
        [isId ? said : userId],
      );
      return found.map(summaryOf);
    },

    async one(id: string) {
      if (!z.guid().safeParse(id).success) return undefined;
      const [stored] = await read(`SELECT ${columns}, ${effect} FROM checkout_sessions WHERE id = $1`, [id]);
      return stored === undefined ? undefined : courseOf(stored);
    },

    async resume(id: string, { by, requestId }: Order) {
      await actorOf(known(id)).resume({ by }, { requestId, timeoutMs: orderTimeoutMs });
    },

    async compensate(id: string, reason: string, { by, requestId }: Order) {
      await actorOf(known(id)).compensate({ reason, by }, { requestId, timeoutMs: orderTimeoutMs });
    },
  };
}

interface Listing {
  /** A table, or a statement with a name. */
  readonly from: string;
  readonly where: string;
  readonly values: readonly unknown[];
  readonly order: 'created_at' | 'updated_at';
  readonly isNewestFirst: boolean;
}

type Listed = Page & { readonly order?: 'oldest' | 'newest' | undefined };

interface Order {
  readonly by: string;
  readonly requestId: string;
}

/** @throws ActorError `not_found` */
function known(id: string): string {
  if (!z.uuid().safeParse(id).success) throw new ActorError('not_found', `there is no checkout ${id}`);
  return id;
}

function statusOfEnd(state: string): 'COMPLETED' | 'FAILED' | undefined {
  if (state === 'completed') return 'COMPLETED';
  return state === 'failed' ? 'FAILED' : undefined;
}

type Row = Readonly<Record<string, unknown>>;

/** One that cannot be read hides no other. */
function readRow(row: Row): StoredCheckout | UnreadableCheckout {
  try {
    return storedOf(row);
  } catch (error) {
    return unreadable(row, error instanceof z.ZodError ? faultOf(error) : reasonOf(error));
  }
}

function faultOf({ issues }: z.ZodError): string {
  const [{ path, message } = { path: [], message: '' }, ...others] = issues;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `${path.join('.')}: ${message}${more}`;
}

const Snapshot = z.object({
  version: z.string().catch(''),
  value: CheckoutSession.shape.value.catch('unreadable'),
});

/** `id` to `updated_at` have types of their own in the table. */
function unreadable(row: Row, reason: string): UnreadableCheckout {
  const snapshot = Snapshot.safeParse(row['machine_snapshot']);
  const { version, value } = snapshot.data ?? { version: '', value: 'unreadable' };
  return {
    id: String(row['id']),
    userId: Number(row['user_id']),
    ...{ version, state: stateNameOf(value) },
    startedAt: Number(row['created_at']),
    changedAt: Number(row['updated_at']),
    ended: row['status'] === 'COMPLETED' || row['status'] === 'FAILED',
    unreadable: reason,
  };
}

function storedOf(row: Row): StoredCheckout {
  const texts = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : value,
  ]);
  const { session } = CheckoutState.parse(
    checkoutTable.fromRow(Object.fromEntries(texts) as Record<string, unknown>),
  );
  if (session === null) throw new TypeError('a row of a checkout that never began');
  const changedAt = Number(row['updated_at']);
  return { session, changedAt, effect: (row['effect'] ?? undefined) as StoredCheckout['effect'] };
}

function tokenOf(order: Listing['order'], { id, startedAt, changedAt }: CheckoutSummary): string {
  const at = order === 'updated_at' ? changedAt : startedAt;
  const position = [new Date(at).toISOString(), id];
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws ActorError `invalid_page_token` */
function positionOf(token: string): readonly string[] {
  try {
    return Position.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new ActorError('invalid_page_token', 'not a page token of this list', { cause });
  }
}
