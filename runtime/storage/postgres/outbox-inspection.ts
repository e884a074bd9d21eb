import pg from 'pg';
import type { PostgresPool } from './postgres-pool.ts';
import { defaultLockId, defaultOutboxTable, relayApplicationName } from './outbox-names.ts';

/** A relay's connection to the database. */
export interface RelayReport {
  readonly pid: number;
  readonly applicationName: string;
  /** Where it comes from; absent: over a socket of this machine, or not for this account to see. */
  readonly address?: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly connectedAt?: number;
  /** When it last began or ended a statement. */
  readonly lastActiveAt?: number;
}

export interface OutboxTypeReport {
  readonly type: string;
  readonly waiting: number;
  readonly oldestAt: number;
}

/** What waits to be published, and who publishes it. */
export interface OutboxReport {
  /** Rows that are not published; counted up to 10,000. */
  readonly waiting: number;
  /** There are more than were counted, here and by type. */
  readonly isPartial: boolean;
  readonly oldestAt?: number;
  /** The most first. */
  readonly types: readonly OutboxTypeReport[];
  /** Of what waits: was published before without effect, and is due again. */
  readonly republishing: number;
  /** The one that publishes; absent: nobody does. */
  readonly relay?: RelayReport;
  /** Those that would take over. */
  readonly standbys: readonly RelayReport[];
  /** Rows a second that were published in the minute before, up to 10,000 of them. */
  readonly sentPerSecond: number;
  /** By the clock of the database. */
  readonly at: number;
}

export interface OutboxRowReport {
  readonly id: string;
  readonly aggregateId: string;
  readonly type: string;
  readonly key: string;
  readonly createdAt: number;
  /** How often it went to the log. */
  readonly publications: number;
}

export interface OutboxInspectionOptions {
  readonly pool: PostgresPool;
  /** Default: `outbox_events`. */
  readonly table?: string;
  /** That of the relays. Default: 7261002. */
  readonly lockId?: number;
}

export interface OutboxInspection {
  report(): Promise<OutboxReport>;
  /**
   * Rows that wait, the oldest first.
   * @param after the id of a row behind which to begin
   */
  waiting(limit?: number, after?: string): Promise<readonly OutboxRowReport[]>;
}

const mostCounted = 10_000;
const sentWithinS = 60;

const inMs = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

/** Reads an outbox and its relays. Each statement reads by an index and has a bound. */
export function outboxInspection({
  pool,
  table: name = defaultOutboxTable,
  lockId = defaultLockId,
}: OutboxInspectionOptions): OutboxInspection {
  const table = pg.escapeIdentifier(name);

  return {
    async report() {
      const [types, sent, relays] = await Promise.all([
        pool.query<{ type: string; waiting: number; oldest_at: number; republishing: number }>(
          `SELECT event_type AS type, count(*)::int AS waiting, ${inMs('min(created_at)')} AS oldest_at,
                  (count(*) FILTER (WHERE publications > 0))::int AS republishing
           FROM (SELECT event_type, created_at, publications FROM ${table}
                 WHERE processed_at IS NULL ORDER BY id LIMIT $1) AS w
           GROUP BY event_type ORDER BY waiting DESC, type`,
          [mostCounted],
        ),
        // `now()`: by a time that moves while it reads, PostgreSQL would read the index whole.
        pool.query<{ sent: number; at: number }>(
          `SELECT count(*)::int AS sent, ${inMs('clock_timestamp()')} AS at FROM (
             SELECT FROM ${table} WHERE processed_at > now() - make_interval(secs => $1)
             LIMIT $2) AS s`,
          [sentWithinS, mostCounted],
        ),
        readRelays(pool, lockId),
      ]);
      const waiting = sumOf(types.rows.map((row) => row.waiting));
      const oldestAt = Math.min(...types.rows.map((row) => row.oldest_at));
      const [{ sent: count, at } = { sent: 0, at: 0 }] = sent.rows;
      return {
        waiting,
        isPartial: waiting === mostCounted,
        ...(waiting > 0 && { oldestAt }),
        types: types.rows.map((row) => ({ type: row.type, waiting: row.waiting, oldestAt: row.oldest_at })),
        republishing: sumOf(types.rows.map((row) => row.republishing)),
        ...relays,
        sentPerSecond: count / sentWithinS,
        at,
      };
    },

    async waiting(limit = 100, after = '0') {
      const { rows } = await pool.query<{
        id: string;
        aggregate_id: string;
        event_type: string;
        partition_key: string;
        created_at: number;
        publications: number;
      }>(
        `SELECT id, aggregate_id, event_type, partition_key, ${inMs('created_at')} AS created_at, publications
         FROM ${table} WHERE processed_at IS NULL AND id > $1::bigint ORDER BY id LIMIT $2`,
        [after, limit],
      );
      return rows.map((row) => ({
        id: row.id,
        aggregateId: row.aggregate_id,
        type: row.event_type,
        key: row.partition_key,
        createdAt: row.created_at,
        publications: row.publications,
      }));
    },
  };
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

interface SessionRow {
  readonly pid: number;
  readonly application_name: string | null;
  readonly address: string | null;
  readonly connected_at: number | null;
  readonly last_active_at: number | null;
  readonly is_holder: boolean;
}

/** An advisory lock of 64 bits shows as two halves. */
async function readRelays(
  pool: PostgresPool,
  lockId: number,
): Promise<Pick<OutboxReport, 'relay' | 'standbys'>> {
  const { rows } = await pool.query<SessionRow>(
    `WITH holder AS (
       SELECT pid FROM pg_locks
       WHERE locktype = 'advisory' AND granted AND objsubid = 1
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND (classid::bigint << 32) + objid::bigint = $1::bigint)
     SELECT pid, application_name, host(client_addr) AS address,
            ${inMs('backend_start')} AS connected_at, ${inMs('state_change')} AS last_active_at,
            pid IN (SELECT pid FROM holder) AS is_holder
     FROM pg_stat_activity
     WHERE datname = current_database() AND (application_name = $2 OR pid IN (SELECT pid FROM holder))
     ORDER BY backend_start LIMIT 100`,
    [lockId, relayApplicationName],
  );
  const [relay] = rows.filter((row) => row.is_holder).map(relayOf);
  const standbys = rows.filter((row) => !row.is_holder).map(relayOf);
  return { ...(relay !== undefined && { relay }), standbys };
}

function relayOf(row: SessionRow): RelayReport {
  return {
    pid: row.pid,
    applicationName: row.application_name ?? '',
    ...(row.address !== null && { address: row.address }),
    ...(row.connected_at !== null && { connectedAt: row.connected_at }),
    ...(row.last_active_at !== null && { lastActiveAt: row.last_active_at }),
  };
}
