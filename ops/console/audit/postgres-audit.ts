import { ActorError, type Page } from '@trolley/runtime';
import { postgresFailure, type PostgresPool } from '@trolley/runtime/postgres';
import type { Audit, AuditEntry, AuditOutcome, AuditQuery } from './audit.ts';

interface Row {
  readonly id: string;
  readonly at: string;
  readonly who: string;
  readonly role: string;
  readonly source: 'console' | 'command';
  readonly action: string;
  readonly target: string;
  readonly details: Record<string, unknown>;
  readonly outcome: AuditOutcome;
  readonly note: string | null;
  readonly ended_at: string | null;
  readonly request_id: string | null;
  readonly address: string | null;
}

const insert = `
  INSERT INTO console_audit (who, role, source, action, target, details, request_id, address)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`;

const complete = `UPDATE console_audit SET outcome = $2, note = $3, ended_at = now() WHERE id = $1`;

// Newest first, by the primary key from the position on: what is filtered out is passed over.
const select = `
  SELECT id, extract(epoch FROM at) * 1000 AS at, who, role, source, action, target, details, outcome, note,
    extract(epoch FROM ended_at) * 1000 AS ended_at, request_id, address
  FROM console_audit
  WHERE id < $1
    AND ($2::text IS NULL OR who = $2) AND ($3::text IS NULL OR action = $3)
    AND ($4::text IS NULL OR outcome = $4) AND ($5::text IS NULL OR strpos(target, $5) > 0)
  ORDER BY id DESC LIMIT $6`;

const newest = '9223372036854775807';

/** The record in the table `console_audit`, which is kept without end. */
export function createPostgresAudit(pool: PostgresPool): Audit {
  async function query<R extends object>(text: string, values: unknown[]): Promise<R[]> {
    try {
      return (await pool.query<R>(text, values)).rows;
    } catch (error) {
      throw postgresFailure('the audit', error);
    }
  }

  return {
    async begin({ who, role, source, action, target, details = {}, requestId, address }) {
      const values = [who, role, source, action, target, details, requestId ?? null, address ?? null];
      const [row] = await query<Pick<Row, 'id'>>(insert, values);
      if (row === undefined) throw new ActorError('internal', 'PostgreSQL gave the entry no id');
      return row.id;
    },

    async end(id, outcome, note) {
      await query(complete, [id, outcome, note ?? null]);
    },

    async list({ who, action, outcome, target, limit = 100, cursor = newest }: AuditQuery = {}) {
      if (!/^[0-9]{1,19}$/.test(cursor) || BigInt(cursor) > BigInt(newest))
        throw new ActorError('invalid_request', `'${cursor.slice(0, 100)}' is no cursor of the audit`);
      const values = [cursor, who ?? null, action ?? null, outcome ?? null, target ?? null, limit + 1];
      const rows = await query<Row>(select, values);
      return pageOf(rows.slice(0, limit).map(entryOf), rows.length > limit);
    },
  };
}

function pageOf(items: readonly AuditEntry[], hasMore: boolean): Page<AuditEntry> {
  const last = items.at(-1);
  return hasMore && last !== undefined ? { items, cursor: last.id } : { items };
}

function entryOf({ at, note, ended_at, request_id, address, ...row }: Row): AuditEntry {
  return {
    ...row,
    at: Math.round(Number(at)),
    ...(note === null ? {} : { note }),
    ...(ended_at === null ? {} : { endedAt: Math.round(Number(ended_at)) }),
    ...(request_id === null ? {} : { requestId: request_id }),
    ...(address === null ? {} : { address }),
  };
}
