import type { Logger } from '@trolley/runtime';
import { checkAt, type HealthCheck, maskPasswords } from '@trolley/runtime/observe';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import type { Config } from '../config/config.ts';
import type { Role } from '../config/roles.ts';
import type { DataDir } from '../process/data-dir.ts';
import { startPostgres } from '../servers/embedded-postgres.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { refuseSharedSessions } from '../servers/postgres-sessions.ts';
import { asStartProblem } from '../process/start-problem.ts';
import { startServer } from '../servers/start-server.ts';
import { runMigrations } from '../migrations/run-migrations.ts';

export interface PostgresBackend {
  readonly url: string;
  readonly pool: PostgresPool;
  readonly check: HealthCheck;
}

const postgresRoles: readonly Role[] = ['gateway', 'node', 'relay', 'grpc', 'console'];

const needs = (config: Config, roles: readonly Role[]) => roles.some((role) => config.roles.has(role));

/** The PostgreSQL of this process, its tables up to date. */
export async function startPostgresBackend(
  config: Config,
  dataDir: Pick<DataDir, 'path'>,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<PostgresBackend | undefined> {
  if (!needs(config, postgresRoles)) return undefined;
  const embedded = () => startServer(lifecycle, 'PostgreSQL', () => startPostgres({ dataDir: dataDir.path }));
  const url = config.postgres.url ?? (await embedded()).localUrl;
  const pool = await lifecycle.start({
    name: 'the PostgreSQL connections',
    async start() {
      try {
        await refuseSharedSessions(url);
        await runMigrations(url, (line) => logger.info(line));
      } catch (error) {
        const variable = config.postgres.url === undefined ? '' : 'POSTGRES_URL: ';
        throw asStartProblem(`${variable}${maskPasswords(url)} can't be used`, error);
      }
      const { poolMax: max, statementTimeoutMs } = config.postgres;
      return createPostgresPool(url, { logger, max, statementTimeoutMs, connectTimeoutMs: 3_000 });
    },
    stop: (connections) => connections.end(),
  });
  const check = checkAt(maskPasswords(url), async () => {
    // Changes nothing, and is refused where nothing can be changed: after a failover, on a standby.
    await pool.query('UPDATE checkout_sessions SET version = version WHERE false');
  });
  return { url, pool, check };
}
