import pg from 'pg';
import type { Logger } from '../../observe/logger.ts';
import { levelOfRetry } from '../../observe/reason.ts';
import { isConnectionOutdated } from './postgres-errors.ts';
import { preparedStatements } from './prepared-statements.ts';
import { clientConfig, settleSession } from './postgres-session.ts';

export interface PostgresPoolOptions {
  /** Shown in `pg_stat_activity`. Default: `trolley`. */
  readonly applicationName?: string;
  /** Connections at most. Default: 10. */
  readonly max?: number;
  /** The server ends a statement after so long; the client gives up 2 s later. 0: never. Default: 15,000. */
  readonly statementTimeoutMs?: number;
  /** How long to wait for a connection. Default: 5,000. */
  readonly connectTimeoutMs?: number;
  readonly logger?: Logger;
}

/** Connections that statements share. */
export interface PostgresPool {
  /** With `values`, the text is prepared once in each connection: it must be one of few. */
  query<R extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<pg.QueryResult<R>>;
  /** The same, for who looks into few of the rows that there are: each is parsed when it is asked for. */
  queryTexts(text: string, values: unknown[]): Promise<TextRow[]>;
  end(): Promise<void>;
}

/** A row that is not parsed yet. */
export interface TextRow {
  /** By column, as PostgreSQL writes them. */
  readonly texts: Readonly<Record<string, string | null>>;
  /** As `query` gives it. */
  parsed(): Record<string, unknown>;
}

/** Any type has one, which the types of the driver do not say. */
const typeParser = pg.types.getTypeParser as (typeId: number) => (text: string) => unknown;
const asTexts = { getTypeParser: () => (text: string) => text };

/**
 * A pool that outlives lost connections: an idle one that breaks is logged and replaced, and does not end the process.
 * When one leads to a server that takes no writes any more, or that does not answer, all are replaced: behind the same
 * address there may be another by now. Nothing is opened until the first query.
 */
export function createPostgresPool(url: string, options: PostgresPoolOptions = {}): PostgresPool {
  const { logger } = options;
  const open = () => openPool(url, options);
  const prepare = preparedStatements();
  let current = open();
  let ended = false;

  function replace(outdated: pg.Pool, error: unknown): void {
    if (ended || outdated !== current) return;
    logger?.[levelOfRetry(error)]({ err: error }, 'the PostgreSQL connections are replaced');
    current = open();
    // Who waits for an answer over the old ones still gets it, within its own limit.
    void outdated.end();
  }

  async function run<R extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
  ): Promise<pg.QueryResult<R>> {
    const pool = current;
    try {
      return await pool.query<R>(query);
    } catch (error) {
      if (isConnectionOutdated(error)) replace(pool, error);
      throw error;
    }
  }

  return {
    query: (text, values) => run(values === undefined ? text : prepare(text, values)),
    async queryTexts(text, values) {
      const { rows, fields } = await run<TextRow['texts']>({ ...prepare(text, values), types: asTexts });
      return rows.map((texts) => ({ texts, parsed: () => parsedRow(fields, texts) }));
    },
    async end() {
      ended = true;
      await current.end();
    },
  };
}

function parsedRow(fields: readonly pg.FieldDef[], texts: TextRow['texts']): Record<string, unknown> {
  const valueOf = ({ name, dataTypeID }: pg.FieldDef): unknown => {
    const parse = typeParser(dataTypeID);
    const text = texts[name] ?? null;
    return text === null ? null : parse(text);
  };
  return Object.fromEntries(fields.map((field) => [field.name, valueOf(field)]));
}

function openPool(url: string, options: PostgresPoolOptions): pg.Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  const session = {
    applicationName: options.applicationName ?? 'trolley',
    statementTimeoutMs,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    plansByIndex: true,
    ...(statementTimeoutMs === 0 ? {} : { queryTimeoutMs: statementTimeoutMs + 2_000 }),
  };
  // Awaited by the pool, though its types do not say so.
  const settled = { onConnect: (client: pg.ClientBase) => settleSession(client, url, session) };
  const pool = new pg.Pool({
    ...clientConfig(url, session),
    max: options.max ?? 10,
    idleTimeoutMillis: 30_000,
    ...settled,
  });
  const lost = (error: Error) =>
    options.logger?.[levelOfRetry(error)]({ err: error }, 'a PostgreSQL connection was lost');
  pool.on('error', lost);
  // The pool's own handler is off while a client is checked out.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}
