import pg from 'pg';

/** Who a session is, and what it may take; the rest of its settings is the same for all. */
export interface SessionOptions {
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** The server ends a statement after so long. 0: never. */
  readonly statementTimeoutMs: number;
  /** The server ends a session that was silent for so long, and with it its locks. Default: never. */
  readonly idleSessionMs?: number;
  /** The same within a transaction. Default: 60,000; 0: never. */
  readonly idleInTransactionMs?: number;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /** How long the client waits for any answer. Default: for ever. */
  readonly queryTimeoutMs?: number;
  /** For who prepares statements: all that find their rows by an index. */
  readonly plansByIndex?: boolean;
  /** For who does again what a crash of the server took: its commits do not wait for the disk. */
  readonly commitsMayBeLost?: boolean;
}

/**
 * What is planned once, perhaps while a table is small, must still do when it has grown. Left to itself the server would
 * plan a look-up anew each time, since it takes one key to be cheaper than the ten that it expects of any array; that
 * costs it ten times as much as the look-up.
 */
const plansByIndex = { enable_seqscan: 'off', plan_cache_mode: 'force_generic_plan' };

/** Servers, databases and roles may be set up otherwise. What is written and read must not mean another thing there. */
const reliedOn = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  standard_conforming_strings: 'on',
  default_transaction_isolation: 'read committed',
  lock_timeout: '0',
  transaction_timeout: '0',
  // A machine that is gone without a word is noticed within 11 s, and what its sessions hold is free.
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '15000',
};

/** PostgreSQL's own default. */
const defaultSearchPath = '"$user", public';
const keepAliveMs = 10_000;
const settleLimitMs = 10_000;

/**
 * How a client connects. Nothing but user, database and name goes with the start of the connection, since a pooler
 * between may refuse anything else: `settleSession` sets the rest.
 */
export function clientConfig(url: string, options: SessionOptions): pg.ClientConfig {
  const { applicationName, connectTimeoutMs = 10_000, queryTimeoutMs } = options;
  return {
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    ...(queryTimeoutMs === undefined ? {} : { query_timeout: queryTimeoutMs }),
  };
}

/** Sets in a new session all that is relied on. A setting that the server is too old to have is left out. */
export async function settleSession(
  client: pg.ClientBase,
  url: string,
  options: SessionOptions,
): Promise<void> {
  const wanted = {
    ...reliedOn,
    ...(options.plansByIndex === true ? plansByIndex : {}),
    search_path: schemaIn(url) ?? defaultSearchPath,
    statement_timeout: String(options.statementTimeoutMs),
    idle_session_timeout: String(options.idleSessionMs ?? 0),
    idle_in_transaction_session_timeout: String(options.idleInTransactionMs ?? 60_000),
    // Not `off`, or what was acknowledged could be lost in a crash. What is stricter than `on` stays.
    synchronous_commit: options.commitsMayBeLost === true ? 'off' : 'on',
  };
  const values = Object.entries(wanted).map((pair) => `(${pair.map(pg.escapeLiteral).join()})`);
  const text = `SELECT set_config(name, value, false)
    FROM (VALUES ${values.join()}) AS wanted (name, value) JOIN pg_settings AS known USING (name)
    WHERE name <> 'synchronous_commit' OR 'off' IN (setting, value)`;
  await client.query(within(settleLimitMs, { text }));
}

/** How long the client waits for the answer to one query, which the types do not have. */
export function within(
  limitMs: number,
  query: pg.QueryConfig,
): pg.QueryConfig & { readonly query_timeout: number } {
  return { ...query, query_timeout: limitMs };
}

/** A connection of its own, which is closed by who asked for it. What breaks it is told to `lost`. */
export async function openPostgresClient(
  url: string,
  options: SessionOptions,
  lost: (error: Error) => void = () => undefined,
): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(url, options));
  // It also fails the statement under way, which is what tells the caller.
  client.on('error', lost);
  try {
    await client.connect();
    await settleSession(client, url, options);
    return client;
  } catch (error) {
    client.connection.stream.destroy();
    throw error;
  }
}

/** The schema that `?schema=…` of the address names, quoted. */
export function schemaIn(url: string): string | undefined {
  const [, query = ''] = url.split('?', 2);
  const schema = new URLSearchParams(query).get('schema');
  return schema === null ? undefined : pg.escapeIdentifier(schema);
}
