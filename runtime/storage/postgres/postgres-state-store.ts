import { Batcher } from '../../flow/batcher.ts';
import { runtimeJson } from '../record-json.ts';
import {
  decodeRecord,
  versionOf,
  type ActorRecord,
  type ArchivePage,
  type StateStore,
  type StateWrite,
  type StoredActor,
} from '../state-store.ts';
import { isLostRace, isRowRefused, postgresFailure } from './postgres-errors.ts';
import type { PostgresPool } from './postgres-pool.ts';
import { postgresStatements, type PostgresStatements, type RowOperation } from './postgres-statements.ts';
import type { PostgresRow, PostgresTable } from './postgres-table.ts';

export interface PostgresStateStoreOptions<S> {
  readonly pool: PostgresPool;
  readonly table: PostgresTable<S>;
  /** Where events go. Default: `outbox_events`. */
  readonly outboxTable?: string;
  /** Actors in one statement at most. Default: 256. */
  readonly maxBatch?: number;
  /** Writes that may wait; beyond that a write is refused with `unavailable`. Default: 10,000. */
  readonly maxWaiting?: number;
}

/** A write, made ready so that a mapping that throws harms no other row. */
interface RowWrite {
  readonly key: string;
  readonly operation: RowOperation;
  readonly row: string;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/**
 * The store of record of one actor type in PostgreSQL. What is written in the same moment goes out as one
 * statement, events included; every caller learns only of its own row.
 *
 * A write rejects with `internal` when the database refuses the row itself, and with `unavailable` when the
 * outcome is unknown.
 */
export class PostgresStateStore<S> implements StateStore {
  readonly #pool: PostgresPool;
  readonly #mapping: PostgresTable<S>;
  readonly #sql: PostgresStatements;
  readonly #writes: Batcher<RowWrite, boolean>;
  readonly #loads: Batcher<string, PostgresRow | undefined>;

  constructor(options: PostgresStateStoreOptions<S>) {
    this.#pool = options.pool;
    this.#mapping = options.table;
    this.#sql = postgresStatements(options.table, options.outboxTable ?? 'outbox_events');
    const limits = {
      maxBatch: options.maxBatch ?? 256,
      maxWaiting: options.maxWaiting ?? 10_000,
      // While one commit is on its way to the disk, the next batch is already being sent.
      maxInFlight: 2,
      // A statement costs both sides more than a row of it.
      isPatient: true,
    };
    this.#writes = new Batcher({
      ...limits,
      name: `writes to ${options.table.table}`,
      keyOf: (write) => write.key,
      flush: (writes) => this.#settle(writes, (some) => this.#writeAll(some)),
    });
    this.#loads = new Batcher({
      ...limits,
      name: `reads of ${options.table.table}`,
      keyOf: (key) => key,
      flush: (keys) => this.#settle(keys, (some) => this.#loadAll(some)),
    });
  }

  async load(key: string): Promise<StoredActor | undefined> {
    const row = await this.#loads.add(this.#canonical(key));
    if (row === undefined) return undefined;
    const record = decodeRecord(key, {
      runtime: () => row['runtime'] as ActorRecord,
      archive: () => (row['archive'] ?? undefined) as readonly ArchivePage[] | undefined,
      state: () => this.#mapping.fromRow(row),
    });
    return { version: Number(row['version']), updatedAt: Date.parse(String(row['updated_at'])), record };
  }

  async write(write: StateWrite): Promise<boolean> {
    const key = this.#canonical(write.key);
    const operation = operationOf(write);
    const row = this.#rowOf(key, operation, write);
    return this.#writes.add({ key, operation, row, events: eventsOf(key, write) });
  }

  async unfinished(dueBefore: number, limit: number, writtenAfter?: number): Promise<string[]> {
    try {
      const due = [Math.floor(dueBefore), limit];
      const { rows } = await (writtenAfter === undefined
        ? this.#pool.query<{ key: string }>(this.#sql.unfinished, due)
        : this.#pool.query<{ key: string }>(this.#sql.unfinishedOrAhead, [...due, writtenAfter]));
      return rows.map(({ key }) => key);
    } catch (error) {
      throw postgresFailure(this.#mapping.table, error);
    }
  }

  /** Waits for the reads and writes under way. The pool stays open: it belongs to who made it. */
  async close(): Promise<void> {
    await Promise.all([this.#writes.drained(), this.#loads.drained()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A key as the database writes it, to recognise it in a result. */
  #canonical(key: string): string {
    return this.#mapping.keyType === 'text' ? key : key.toLowerCase();
  }

  /** Halves a batch that is refused until only the bad row is left alone with its error. */
  async #settle<T, R>(
    items: readonly T[],
    run: (items: readonly T[]) => Promise<readonly R[]>,
    retried = false,
  ): Promise<PromiseSettledResult<R>[]> {
    try {
      return (await run(items)).map((value) => ({ status: 'fulfilled', value }));
    } catch (error) {
      if (isRowRefused(error) || isLostRace(error)) {
        if (items.length > 1) {
          const middle = items.length >> 1;
          const head = await this.#settle(items.slice(0, middle), run);
          return [...head, ...(await this.#settle(items.slice(middle), run))];
        }
        if (isLostRace(error) && !retried) return this.#settle(items, run, true);
      }
      const reason = postgresFailure(this.#mapping.table, error);
      return items.map(() => ({ status: 'rejected', reason }));
    }
  }

  async #writeAll(writes: readonly RowWrite[]): Promise<boolean[]> {
    const rows = `[${writes.map(({ row }) => row).join()}]`;
    const events = writes.flatMap((write) => write.events).map((event, place) => ({ place, ...event }));
    const withEvents = events.length > 0;
    const operations = new Set(writes.map(({ operation }) => operation));
    const { rows: written } = await this.#pool.query<{ key: string }>(
      this.#sql.write(operations, withEvents),
      withEvents ? [rows, JSON.stringify(events)] : [rows],
    );
    const keys = new Set(written.map(({ key }) => key));
    return writes.map(({ key }) => keys.has(key));
  }

  async #loadAll(keys: readonly string[]): Promise<(PostgresRow | undefined)[]> {
    const { rows } = await this.#pool.query<Record<string, unknown>>(this.#sql.load, [keys]);
    const found = new Map(rows.map((row) => [row['#key'], withIsoTimes(row)]));
    return keys.map((key) => found.get(key));
  }

  /** As JSON, put together of its parts: to copy them into one object first costs more than all the rest. */
  #rowOf(key: string, operation: RowOperation, write: StateWrite): string {
    const { expectedVersion, record, now } = write;
    const { state, archive = null } = record;
    const { table, keyColumn, columns } = this.#mapping;
    const own = `${JSON.stringify(keyColumn)}:${JSON.stringify(key)},"operation":"${operation}","expected_version":${expectedVersion}`;
    if (operation === 'remove') return `{${own}}`;
    const row: PostgresRow = this.#mapping.toRow(key, state as S, now);
    // A column that a mapping forgets or misspells would lose its value without a sound.
    const complete = columns.every(({ name }) => row[name] !== undefined);
    if (!complete || Object.keys(row).length !== columns.length) {
      throw new TypeError(`table ${table}: toRow gives ${Object.keys(row).join()}, not each column once`);
    }
    const times = `"first_version":${versionOf(write)},"updated_at":"${new Date(now).toISOString()}"`;
    const kept =
      write.keepsArchive === true ? '"keeps_archive":true' : `"archive":${JSON.stringify(archive)}`;
    const named = columns.length === 0 ? '' : `,${JSON.stringify(row).slice(1, -1)}`;
    return `{${own},${times},${kept},"runtime":${runtimeJson(record)}${named}}`;
  }
}

function operationOf({ removes, expectedVersion }: StateWrite): RowOperation {
  if (removes === true) return 'remove';
  return expectedVersion === 0 ? 'insert' : 'update';
}

function eventsOf(key: string, { events, now }: StateWrite): RowWrite['events'] {
  return events.map((event) => ({
    aggregate_id: key,
    event_type: event.type,
    partition_key: event.partitionKey,
    payload: event.payload,
    headers: event.headers ?? {},
    created_at: new Date(now).toISOString(),
  }));
}

/** Times as text; the rest stays as pg gives it: bigint and numeric as text, JSON parsed. */
function withIsoTimes(row: PostgresRow): PostgresRow {
  const entries = Object.entries(row);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  );
}
