import { LRUCache } from 'lru-cache';
import type { Clock } from '@trolley/runtime';
import { postgresFailure, type PostgresPool } from '@trolley/runtime/postgres';
import { z } from 'zod';
import type { checkoutMachine } from './checkout.machine.ts';
import { CheckoutSession, JournalEntry, stateNameOf } from './checkout.state.ts';
import { movesOf, type Move } from './checkout.summary.ts';

/** The first look goes so far back. */
const firstLookMs = 60_000;
/** A row has the time of the process that wrote it, and shows a little later. */
const overlapMs = 5_000;
/** Of one look, in each of its two statements. */
const maxChanged = 5_000;
const maxOpen = 50_000;
/** Rows that are remembered, so that an event counts once. */
const maxRemembered = 100_000;

const Place = z.object({ version: z.string(), value: CheckoutSession.shape.value });

const Running = Place.extend({ count: z.number() });

const Row = z.looseObject({ id: z.string(), updated_at: z.date() });

const Changed = z.object({
  id: z.string(),
  version: z.string(),
  createdAt: z.coerce.number(),
  journal: z.array(JournalEntry).nullable(),
});

const changed = `id, updated_at, machine_snapshot ->> 'version' AS version,
  machine_snapshot -> 'value' AS value, machine_snapshot #>> '{context,createdAt}' AS "createdAt",
  machine_snapshot -> 'journal' AS journal`;
const firstDue = `((runtime #>> '{effects,0,notBefore}')::bigint)`;
const isOpen = `runtime -> 'effects' <> '[]'::jsonb`;

/** By their indexes: those under way by what is due, those that have ended by when. */
export const moveStatements = {
  running: `SELECT version, value, count(*)::int AS count FROM (
      SELECT machine_snapshot ->> 'version' AS version, machine_snapshot -> 'value' AS value
      FROM checkout_sessions WHERE ${isOpen} ORDER BY ${firstDue} LIMIT ${maxOpen}) AS open
    GROUP BY version, value`,
  movedOpen: `SELECT ${changed} FROM (
      SELECT id, updated_at, machine_snapshot FROM checkout_sessions
      WHERE ${isOpen} ORDER BY ${firstDue} LIMIT ${maxOpen}) AS open
    WHERE updated_at > $1 ORDER BY updated_at DESC LIMIT ${maxChanged}`,
  movedEnded: `SELECT ${changed} FROM checkout_sessions
    WHERE status IN ('COMPLETED', 'FAILED') AND updated_at > $1 ORDER BY updated_at DESC LIMIT ${maxChanged}`,
};

const begunIn = 'pricing' satisfies keyof typeof checkoutMachine.states;

/** Reads how many checkouts are where, and what moved since it read last. */
export function createMoveReader(pool: PostgresPool, clock: Pick<Clock, 'now'>) {
  const begun = clock.now() - firstLookMs;
  let since = begun;
  const seen = new LRUCache<string, number>({ max: maxRemembered });
  const unreadable = new LRUCache<string, true>({ max: maxRemembered });

  async function query(text: string, values: readonly unknown[] = []) {
    try {
      return (await pool.query<Record<string, unknown>>(text, [...values])).rows;
    } catch (error) {
      throw postgresFailure('checkout_sessions', error);
    }
  }

  /** One that cannot be read hides no other. */
  function newMovesOf(row: z.infer<typeof Row>): Move[] {
    const parsed = Changed.safeParse(row);
    if (!parsed.success) {
      unreadable.set(row.id, true);
      return [];
    }
    unreadable.delete(row.id);
    const { id, version, createdAt, journal } = parsed.data;
    if (journal === null) return [];
    const { moves, count } = movesOf(journal, { version, createdAt, begunIn });
    const before = seen.get(id) ?? 0;
    seen.set(id, count);
    return moves.slice(Math.max(0, moves.length - (count - before))).filter(({ at }) => at > begun);
  }

  return async () => {
    const from = [new Date(since)];
    const [running, open, ended] = await Promise.all([
      query(moveStatements.running),
      query(moveStatements.movedOpen, from),
      query(moveStatements.movedEnded, from),
    ]);
    // One under way that is in no state is counted with those that are.
    const inState = open.filter((row) => Place.safeParse(row).success);
    const rows = [...inState, ...ended].map((row) => Row.parse(row));
    const newest = rows.reduce((latest, row) => Math.max(latest, Number(row.updated_at)), since);
    since = Math.max(since, Math.min(newest, clock.now()) - overlapMs);
    const counts = running.flatMap((row) => {
      const parsed = Running.safeParse(row);
      if (!parsed.success) return [];
      const { version, value, count } = parsed.data;
      return [{ version, state: stateNameOf(value), count }];
    });
    const sumOf = (rows: readonly { readonly count?: unknown }[]) =>
      rows.reduce((sum, { count }) => sum + Number(count), 0);
    const moves = rows.flatMap(newMovesOf);
    return {
      running: counts,
      moves,
      unreadable: sumOf(running) - sumOf(counts) + unreadable.size,
      isCut: sumOf(running) === maxOpen || [open, ended].some(({ length }) => length === maxChanged),
    };
  };
}
