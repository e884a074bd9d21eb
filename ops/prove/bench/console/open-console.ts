import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { type ActorCluster, connect, silentLogger, systemClock } from '@trolley/runtime';
import { openRedis } from '@trolley/runtime/adapters';
import { type EventLog, RedisStreamsEventLog } from '@trolley/runtime/events';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { readMachine } from 'trolley-statechart';
import { checkoutMachine } from '../../../../actors/checkout/checkout.machine.ts';
import { createPostgresSagaCharts } from '../../../console/sagas/saga-charts.ts';
import { startConsole } from '../../../shop/compose/console.ts';
import { parseConfig } from '../../../shop/config/parse-config.ts';
import { createLifecycle } from '../../../shop/process/lifecycle.ts';
import { seededActors } from './seed-mailboxes.ts';

export interface ConsoleServers {
  readonly postgresUrl: string;
  readonly redisUrl: string;
}

/** A statement of PostgreSQL that somebody made, with the values of the first time. */
export interface Statement {
  readonly text: string;
  readonly values: unknown[] | undefined;
}

export interface OpenedConsole {
  readonly url: string;
  /** Name and password, as HTTP Basic takes them. */
  readonly authorization: string;
  readonly cluster: ActorCluster;
  readonly log: EventLog;
  readonly pool: PostgresPool;
  /** Those of the console so far, each once. */
  readonly statements: () => Statement[];
  close(): Promise<void>;
}

const silent = { done: () => undefined, say: () => undefined, warn: () => undefined, fail: () => undefined };

/** The console as `npm start` puts it together, on servers whose tables are there, with a node beside it. */
export async function openConsole({ postgresUrl, redisUrl }: ConsoleServers): Promise<OpenedConsole> {
  const config = parseConfig({
    ROLES: 'console',
    POSTGRES_URL: postgresUrl,
    REDIS_URL: redisUrl,
    CONSOLE_PORT: '0',
  });
  const lifecycle = createLifecycle({ progress: silent, log: silentLogger });
  const around = { clock: systemClock, logger: silentLogger };
  try {
    const redis = await lifecycle.start({
      name: 'the Redis connection',
      start: () => openRedis(redisUrl, around),
      stop: (opened) => opened.disconnect(),
    });
    const pool = await lifecycle.start({
      name: 'the PostgreSQL connections',
      start: () => createPostgresPool(postgresUrl, { max: config.postgres.poolMax }),
      stop: (opened) => opened.end(),
    });
    await createPostgresSagaCharts(pool).remember(readMachine(checkoutMachine));
    const { shards } = config.actors;
    const end = new AbortController();
    setMaxListeners(0, end.signal);
    const cluster = await lifecycle.start({
      name: 'the cluster',
      start: () => connect({ ...around, redis, shards }),
      stop(opened) {
        end.abort();
        return opened.close();
      },
    });
    await cluster.host(seededActors(end.signal));
    const log = new RedisStreamsEventLog({ ...around, redis, instanceId: randomUUID() });
    const recorded = recording(pool);
    const { url, account } = await startConsole(config, lifecycle, silentLogger, {
      postgres: { url: postgresUrl, pool: recorded.pool, check: async () => undefined },
      redis: { url: redisUrl, redis, check: async () => undefined },
      ...{ cluster, refs: cluster.refs, log },
    });
    const credentials = `${account?.name ?? ''}:${account?.password ?? ''}`;
    return {
      ...{ url, cluster, log, pool, statements: recorded.statements },
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      close: () => lifecycle.stop(),
    };
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

function recording(pool: PostgresPool) {
  const seen = new Map<string, Statement>();
  const recorded: PostgresPool = {
    ...pool,
    query(text, values) {
      if (!seen.has(text)) seen.set(text, { text, values });
      return pool.query(text, values);
    },
  };
  return { pool: recorded, statements: () => [...seen.values()] };
}
