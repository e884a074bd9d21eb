import { join } from 'node:path';
import { type Logger, type StateStore, systemClock } from '@trolley/runtime';
import { checkAt } from '@trolley/runtime/observe';
import { SqliteStateStore } from '@trolley/runtime/sqlite';
import { CartContract } from '../../../actors/cart/cart.contract.ts';
import { cartRetentionMs } from '../../../actors/cart/cart.state.ts';
import { startSweep } from '../../../actors/services/sweep.ts';
import type { Config } from '../config/config.ts';
import type { DataDir } from '../process/data-dir.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { startSingletonLock } from '../process/singleton-lock.ts';
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
export async function startCartStore(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  parts: CartStoreParts,
): Promise<StateStore> {
  const { uri } = config.mongo;
  if (uri === undefined) return startSqliteCarts(lifecycle, logger, parts);
  await startSingletonLock(lifecycle, {
    postgresUrl: parts.postgres.url,
    lockId: cartHostLock,
    shared: true,
    refusal:
      'Another process with the role node keeps the carts of this shop in SQLite, and would not see those in ' +
      'MongoDB: set MONGODB_URI there too, or stop it.',
    logger,
  });
  // Only then: the driver takes 20 MB and a third of a second.
  const { startMongoCarts } = await import('./mongo-carts.ts');
  return startMongoCarts(uri, lifecycle, logger, parts.health);
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
