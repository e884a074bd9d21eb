import pg from 'pg';
import type { Logger } from '../../observe/logger.ts';

export type PostgresPool = pg.Pool;

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

/**
 * A pool that outlives lost connections: an idle one that breaks is logged and replaced, and does not end the
 * process. Nothing is opened until the first query.
 */
export function createPostgresPool(url: string, options: PostgresPoolOptions = {}): PostgresPool {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  const pool = new pg.Pool({
    connectionString: url,
    application_name: options.applicationName ?? 'trolley',
    max: options.max ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    ...(statementTimeoutMs === 0
      ? {}
      : { statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs + 2_000 }),
  });
  const lost = (error: Error) => options.logger?.warn({ err: error }, 'a PostgreSQL connection was lost');
  pool.on('error', lost);
  // The pool's own handler is off while a client is checked out.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}
