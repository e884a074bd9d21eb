import pg from 'pg';
import { uuidV5 } from '../../define/uuid-v5.ts';
import { tryAdvisoryLock } from './advisory-lock.ts';
import { relayApplicationName } from './outbox-names.ts';
import { openPostgresClient, within } from './postgres-session.ts';
import type { LogEvent } from '../../events/event-log.ts';

export interface OutboxConnectionOptions {
  readonly url: string;
  /** The outbox table. */
  readonly table: string;
  /** CloudEvents `source` of the events, an URI reference. */
  readonly source: string;
  /** Names the advisory lock in the database. */
  readonly lockId: number;
  /** Called when an event was inserted, and when the connection is lost. */
  readonly wake: () => void;
}

/** An event in the outbox that is due. */
export interface OutboxRow {
  readonly id: string;
  readonly event: LogEvent;
}

export interface UndeliveredLook {
  /** A condition on a row `o` of the outbox. */
  readonly undelivered: string;
  /** Milliseconds since the epoch, as `until`. */
  readonly since: number;
  readonly until: number;
  /** About so many events are looked at: a statement ends soon, however many there are. */
  readonly rows: number;
  readonly waitMs: number;
  /** At most so many are made due again. */
  readonly limit: number;
}

export interface UndeliveredFound {
  /** How many were made due again. */
  readonly events: number;
  /** When the first without its effect was processed, in milliseconds since the epoch. */
  readonly oldest?: number;
  /** Until when was looked, likewise: `until`, or less where there were more events. */
  readonly reached: number;
}

interface StoredRow {
  readonly id: string;
  readonly aggregate_id: string;
  readonly event_type: string;
  readonly partition_key: string;
  readonly value: string;
  readonly headers: Record<string, unknown>;
  readonly created_at: Date;
}

const channel = 'outbox';
const eventIds = '2b7f4b1e-30c5-5d55-a3b5-0d9c61b7a0f4';

const session = {
  applicationName: relayApplicationName,
  statementTimeoutMs: 25_000,
  queryTimeoutMs: 30_000,
  // The lock of a relay that is frozen or gone without a word is free within half a minute.
  idleSessionMs: 30_000,
  plansByIndex: true,
  // An event whose mark is lost is published again, as after a crash between the two.
  commitsMayBeLost: true,
};
/** For what is asked all the time: an answer that is so late will not come over this connection. */
const promptMs = 10_000;

/**
 * One connection on which the relay holds its lock, listens and works: with the connection goes the lock, and
 * without the lock nothing can be marked.
 */
export class OutboxConnection {
  readonly #options: OutboxConnectionOptions;
  readonly #client: pg.Client;
  readonly #table: string;
  #failure: Error | undefined;

  private constructor(options: OutboxConnectionOptions, client: pg.Client) {
    this.#options = options;
    this.#table = pg.escapeIdentifier(options.table);
    this.#client = client;
    client.on('notification', options.wake);
    client.on('error', (error) => this.#lost(error));
    client.on('end', () => this.#lost(new Error('the connection to the outbox has ended')));
  }

  static async open(options: OutboxConnectionOptions): Promise<OutboxConnection> {
    return new OutboxConnection(options, await openPostgresClient(options.url, session));
  }

  /**
   * Whether this is the active relay of the database now, until the connection ends.
   * @throws where the server is a standby
   */
  tryLock(): Promise<boolean> {
    return tryAdvisoryLock(
      (text, values) => this.#query(text, values, { limitMs: promptMs }),
      this.#options.lockId,
    );
  }

  async listen(): Promise<void> {
    await this.#query(`LISTEN ${channel}`, [], { limitMs: promptMs });
  }

  /** Marks what was published by now, and finds what is due beside it: in id order, at most `limit`. */
  async markAndNext(published: readonly OutboxRow[], now: number, limit: number): Promise<OutboxRow[]> {
    const { rows } = await this.#query<StoredRow>(
      `WITH marked AS (
         UPDATE ${this.#table} SET processed_at = $2, publications = publications + 1
         WHERE id = ANY($1::bigint[]) RETURNING id)
       SELECT id, aggregate_id, event_type, partition_key, payload::text AS value, headers, created_at
       FROM ${this.#table} WHERE processed_at IS NULL AND id NOT IN (SELECT id FROM marked) ORDER BY id LIMIT $3`,
      [published.map(({ id }) => id), new Date(now), limit],
      { limitMs: promptMs, name: 'mark-and-next' },
    );
    return rows.map((row) => ({ id: row.id, event: eventOf(row, this.#options.source) }));
  }

  /** Deletes at most `limit` events processed before `before`, but none of which `undelivered` is true. */
  async removeProcessed(before: number, limit: number, undelivered = 'false'): Promise<number> {
    const { rowCount } = await this.#query(
      `DELETE FROM ${this.#table} WHERE id IN (
         SELECT o.id FROM ${this.#table} AS o WHERE o.processed_at < $1 AND NOT (${undelivered})
         ORDER BY o.processed_at LIMIT $2)`,
      [new Date(before), limit],
    );
    return rowCount ?? 0;
  }

  /**
   * Looks at events processed after `since` and until `until`, oldest first. Makes those due again of which
   * `undelivered` is true: one that was published before by a `waitMs` more, doubled each time.
   */
  async requeueUndelivered(look: UndeliveredLook): Promise<UndeliveredFound> {
    const { since, undelivered, waitMs, limit } = look;
    const reached = await this.#endOf(look);
    const range = [new Date(since), new Date(reached)];
    const candidates = `FROM ${this.#table} AS o
       WHERE o.processed_at > $1 AND o.processed_at <= $2 AND (${undelivered})`;
    // First, since nearly always there is none: one look is enough then.
    const { rows } = await this.#query<{ oldest: Date | null }>(
      `SELECT min(o.processed_at) AS oldest ${candidates}`,
      range,
    );
    const oldest = rows[0]?.oldest?.getTime();
    if (oldest === undefined) return { events: 0, reached };
    const { rowCount } = await this.#query(
      `UPDATE ${this.#table} SET processed_at = NULL WHERE id IN (
         SELECT o.id ${candidates}
           AND o.processed_at <= $2::timestamptz
             - make_interval(secs => $3::float8 / 1000 * (2 ^ LEAST(GREATEST(o.publications - 1, 0), 12) - 1))
         ORDER BY o.id LIMIT $4)`,
      [...range, waitMs, limit],
    );
    return { events: rowCount ?? 0, oldest, reached };
  }

  /** The first whole millisecond at which that many events were processed, or the end of the look. */
  async #endOf({ since, until, rows: count }: UndeliveredLook): Promise<number> {
    const { rows } = await this.#query<{ at: number }>(
      `SELECT ceil(extract(epoch FROM processed_at) * 1000)::float8 AS at FROM ${this.#table}
       WHERE processed_at > $1 AND processed_at <= $2 ORDER BY processed_at OFFSET $3 LIMIT 1`,
      [new Date(since), new Date(until), count - 1],
    );
    return Math.min(rows[0]?.at ?? until, until);
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    // Not heard any more, since it ends on purpose.
    this.#failure = new Error('the connection to the outbox is closed');
    await this.#client.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends at once, whatever is under way. */
  destroy(): void {
    this.#failure ??= new Error('the connection to the outbox is closed');
    this.#client.connection.stream.destroy();
  }

  async #query<R extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
    { limitMs, name }: { readonly limitMs?: number; readonly name?: string } = {},
  ): Promise<pg.QueryResult<R>> {
    if (this.#failure !== undefined) throw this.#failure;
    const query = { text, values, ...(name === undefined ? {} : { name }) };
    return this.#client.query<R>(limitMs === undefined ? query : within(limitMs, query));
  }

  #lost(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#options.wake();
  }
}

/** The event as it goes to the log. Its id stays the same however often it goes. */
function eventOf(row: StoredRow, source: string): LogEvent {
  const id = uuidV5(eventIds, `${row.aggregate_id}:${row.event_type}:${row.id}`);
  const own = Object.entries(row.headers).map(([name, value]) => [name, String(value)]);
  return {
    id,
    key: row.partition_key,
    type: row.event_type,
    value: row.value,
    headers: {
      ...(Object.fromEntries(own) as Record<string, string>),
      event_type: row.event_type,
      event_id: id,
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: source,
      ce_type: row.event_type,
      ce_time: row.created_at.toISOString(),
      'content-type': 'application/json',
    },
  };
}
