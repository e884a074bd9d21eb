import { join } from 'node:path';
import { type Logger, type StateStore, systemClock } from '@trolley/runtime';
import { checkAt, maskPasswords, reasonOf } from '@trolley/runtime/observe';
import { createMongoConnection, type MongoConnection, MongoStateStore } from '@trolley/runtime/mongo';
import { SqliteStateStore } from '@trolley/runtime/sqlite';
import { CartContract } from '../../../actors/cart/cart.contract.ts';
import { cartRetentionMs } from '../../../actors/cart/cart.state.ts';
import { cartDocuments } from '../../../actors/cart/cart.store.mongo.ts';
import { startSweep } from '../../../actors/services/sweep.ts';
import type { Config } from '../config/config.ts';
import type { DataDir } from '../process/data-dir.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { startSingletonLock } from '../process/singleton-lock.ts';
import { StartProblem } from '../process/start-problem.ts';
import type { PostgresBackend } from './backends.ts';
import type { Health } from './health.ts';

/** The advisory lock of those that host carts: one process with SQLite, or any number with MongoDB. */
const cartHostLock = 7_261_003;

export interface CartStoreParts {
  readonly dataDir: Pick<DataDir, 'path'>;
  readonly postgres: PostgresBackend;
  readonly health: Health;
}

/** Where carts lie: in MongoDB, which nodes share, or in a file that belongs to this process alone. */
export function startCartStore(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  parts: CartStoreParts,
): Promise<StateStore> {
  const { uri } = config.mongo;
  return uri === undefined
    ? startSqliteCarts(lifecycle, logger, parts)
    : startMongoCarts(uri, lifecycle, logger, parts);
}

/** Those that are forgotten, MongoDB removes by itself. */
async function startMongoCarts(
  uri: string,
  lifecycle: Lifecycle,
  logger: Logger,
  { postgres, health }: CartStoreParts,
): Promise<StateStore> {
  await startSingletonLock(lifecycle, {
    postgresUrl: postgres.url,
    lockId: cartHostLock,
    shared: true,
    refusal:
      'Another process with the role node keeps the carts of this shop in SQLite, and would not see those in ' +
      'MongoDB: set MONGODB_URI there too, or stop it.',
    logger,
  });
  const { database, ping } = await lifecycle.start({
    name: 'the MongoDB connection',
    start: () => connect(uri, logger),
    stop: (connection) => connection.close(),
  });
  health.addCheck('mongodb', checkAt(maskPasswords(uri), ping));
  return lifecycle.start({
    name: 'the cart store',
    start: () => MongoStateStore.open({ database, documents: cartDocuments }),
    stop: (store) => store.close(),
    describe: () => `carts in MongoDB, database ${database.databaseName}`,
  });
}

async function connect(uri: string, logger: Logger): Promise<MongoConnection> {
  let connection: MongoConnection | undefined;
  try {
    connection = createMongoConnection(uri, { logger });
    await connection.ping();
    return connection;
  } catch (cause) {
    await connection?.close();
    const sentence = `MONGODB_URI: ${maskPasswords(uri)} can't be used: ${reasonOf(cause)}`;
    throw new StartProblem(sentence, { cause });
  }
}

const hourMs = 3_600_000;

async function startSqliteCarts(
  lifecycle: Lifecycle,
  logger: Logger,
  { dataDir, postgres, health }: CartStoreParts,
): Promise<StateStore> {
  await startSingletonLock(lifecycle, {
    postgresUrl: postgres.url,
    lockId: cartHostLock,
    refusal:
      'Another process with the role node hosts the carts of this shop. While carts are in SQLite there can be ' +
      'only one: leave node out of ROLES here, or stop the other, or keep carts in MongoDB (MONGODB_URI).',
    logger,
  });
  const file = join(dataDir.path, 'carts.sqlite');
  const carts = await lifecycle.start({
    name: 'the cart store',
    start: () => SqliteStateStore.open({ file, actorType: CartContract.type }),
    stop: (store) => store.close(),
  });
  health.addCheck('carts', checkAt(file, carts.check));
  await lifecycle.start({
    name: 'the sweep of forgotten carts',
    start: () =>
      startSweep({
        clock: systemClock,
        everyMs: hourMs,
        logger,
        round: () => carts.removeUntouchedSince(systemClock.now() - cartRetentionMs, 1_000),
      }),
    stop: (sweep) => sweep.close(),
  });
  return carts;
}
