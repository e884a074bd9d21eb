import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { type RedisConnection, silentLogger, systemClock } from '@trolley/runtime';
import { type EventLog, RedisStreamsEventLog } from '@trolley/runtime/events';
import { createPostgresPool } from '@trolley/runtime/postgres';
import { createPostgresAudit } from '../../console/audit/postgres-audit.ts';
import { startKafkaEventLog } from '../../shop/compose/kafka.ts';
import type { Config } from '../../shop/config/config.ts';
import { createLifecycle } from '../../shop/process/lifecycle.ts';
import type { Progress } from '../../shop/process/progress.ts';
import { UsageProblem } from '../../shop/process/start-problem.ts';
import { openOperatorClient } from '../stores/operator-client.ts';
import { runningPostgresUrl } from '../stores/running-postgres.ts';
import { reachRedis } from '../stores/running-redis.ts';
import { onRecord } from './on-record.ts';
import type { Around } from './verb.ts';

export interface Reached extends Around, AsyncDisposable {}

/** What the configuration names, else what the shop on DATA_DIR runs. Each is connected to when it is first needed. */
export function reach(config: Config, progress: Progress): Reached {
  const closers: (() => unknown)[] = [];
  /** What fails is tried again by the next who needs it. */
  function opened<T>(open: () => Promise<T>, close: (made: T) => unknown): () => Promise<T> {
    let made: Promise<T> | undefined;
    return async () => {
      made ??= open();
      try {
        const ready = await made;
        if (!closers.includes(closer)) closers.push(closer);
        return ready;
      } catch (error) {
        made = undefined;
        throw error;
      }
    };
    async function closer(): Promise<void> {
      if (made !== undefined) await close(await made);
    }
  }
  const redis = opened(
    () => reachRedis(config),
    (connection) => connection.disconnect(),
  );
  const cluster = opened(
    async () => openOperatorClient(await redis(), config),
    (client) => client.close(),
  );
  const postgres = opened(
    async () =>
      createPostgresPool(config.postgres.url ?? runningPostgresUrl(config.dataDir), {
        ...{ logger: silentLogger, max: 4, connectTimeoutMs: 3_000, statementTimeoutMs: 10_000 },
        applicationName: 'trolley-command',
      }),
    (pool) => pool.end(),
  );
  const log = opened(
    async () => {
      if (config.kafka === undefined) return { events: streamsOn(await redis()) };
      const lifecycle = createLifecycle({
        progress: { ...progress, done: () => undefined },
        log: silentLogger,
      });
      return { events: await startKafkaEventLog(config.kafka, lifecycle, silentLogger), lifecycle };
    },
    ({ events, lifecycle }) => lifecycle?.stop() ?? events.close(),
  );
  return {
    ...{ cluster, postgres, progress, confirm, clock: systemClock },
    log: async () => (await log()).events,
    audited: onRecord(async () => createPostgresAudit(await postgres()), progress),
    async [Symbol.asyncDispose]() {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}

const streamsOn = (redis: RedisConnection): EventLog =>
  new RedisStreamsEventLog({ redis, clock: systemClock, logger: silentLogger, instanceId: randomUUID() });

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageProblem('Nobody is there to ask: say --yes, or --dry-run to see which these are.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
