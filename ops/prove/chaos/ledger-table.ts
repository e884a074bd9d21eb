import type { PostgresPool, PostgresTable } from '@trolley/runtime/postgres';
import type { LedgerState } from './ledger.ts';

/**
 * The states, and beside them what the database itself saw: a trigger logs each accepted write with its version,
 * its writer and the numbers that it added. The runtime knows nothing of that log, and the log accepts a version
 * of a key only once.
 */
const schema = `
  CREATE TABLE ledgers (
    key text PRIMARY KEY,
    seen jsonb NOT NULL,
    anomalies jsonb NOT NULL,
    writer text NOT NULL,
    version bigint NOT NULL,
    runtime jsonb NOT NULL,
    archive jsonb,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  );
  CREATE TABLE ledger_writes (
    key text NOT NULL,
    version bigint NOT NULL,
    writer text NOT NULL,
    added jsonb NOT NULL,
    PRIMARY KEY (key, version)
  );
  CREATE FUNCTION log_ledger_write() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    known integer := 0;
  BEGIN
    IF TG_OP = 'UPDATE' THEN known := jsonb_array_length(OLD.seen); END IF;
    INSERT INTO ledger_writes (key, version, writer, added)
    SELECT NEW.key, NEW.version, NEW.writer, coalesce(jsonb_agg(n ORDER BY place), '[]')
    FROM jsonb_array_elements(NEW.seen) WITH ORDINALITY AS s (n, place) WHERE place > known;
    RETURN NULL;
  END $$;
  CREATE TRIGGER log_write AFTER INSERT OR UPDATE ON ledgers
    FOR EACH ROW EXECUTE FUNCTION log_ledger_write();`;

export async function createLedgerTables(pool: PostgresPool): Promise<void> {
  await pool.query(schema);
}

export const ledgerTable: PostgresTable<LedgerState, 'seen' | 'anomalies' | 'writer'> = {
  table: 'ledgers',
  keyColumn: 'key',
  keyType: 'text',
  columns: [
    { name: 'seen', type: 'jsonb' },
    { name: 'anomalies', type: 'jsonb' },
    { name: 'writer', type: 'text' },
  ],
  toRow: (_key, { seen, anomalies, writer }) => ({ seen, anomalies, writer }),
  fromRow: (row) =>
    ({ seen: row['seen'], anomalies: row['anomalies'], writer: row['writer'] }) as LedgerState,
};

/** What is stored of one key, as the database saw it. */
export interface StoredLedger {
  readonly key: string;
  readonly version: number;
  readonly seen: readonly number[];
  readonly anomalies: LedgerState['anomalies'];
  /** Accepted writes by version. */
  readonly writes: readonly { version: number; writer: string; added: readonly number[] }[];
}

export async function readLedgers(pool: PostgresPool): Promise<StoredLedger[]> {
  const { rows } = await pool.query<StoredLedger>(`
    SELECT l.key, l.version::float8 AS version, l.seen, l.anomalies, coalesce(w.writes, '[]') AS writes
    FROM ledgers AS l LEFT JOIN (
      SELECT key, jsonb_agg(
        jsonb_build_object('version', version, 'writer', writer, 'added', added) ORDER BY version
      ) AS writes FROM ledger_writes GROUP BY key
    ) AS w USING (key) ORDER BY l.key`);
  return rows;
}
