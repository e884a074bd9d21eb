import { silentLogger } from '@trolley/runtime';
import { createMongoConnection } from '@trolley/runtime/mongo';
import type { Config } from '../../shop/config/config.ts';
import { createLifecycle } from '../../shop/process/lifecycle.ts';
import type { Progress } from '../../shop/process/progress.ts';
import { unknownGaps, type EventGaps } from './event-gap.ts';
import { readEventGaps } from './read-event-gaps.ts';
import { cartsInMongo, type StoredCart } from './stored-carts.ts';

/** What the stores of a moment are held against, beyond each other. */
export interface Surroundings {
  readonly sessionRetentionMs: number;
  /** To be called before the moment. `idle`: no shop runs on DATA_DIR, and none can start. */
  gaps(idle: boolean): Promise<EventGaps>;
  /** Those in MongoDB; undefined: they are in a file. */
  carts(): AsyncIterable<StoredCart> | undefined;
}

/** As the configuration tells where they are. */
export function surroundingsOf(config: Config, progress: Progress): Surroundings {
  return {
    sessionRetentionMs: config.checkout.retentionMs,
    async gaps(idle) {
      const lifecycle = createLifecycle({
        progress: { ...progress, done: () => undefined },
        log: silentLogger,
      });
      try {
        return await readEventGaps(config, idle, lifecycle);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        progress.warn(`The event log can't be read, so that what it still holds is not known: ${reason}`);
        return unknownGaps;
      } finally {
        await lifecycle.stop();
      }
    },
    carts() {
      const { uri } = config.mongo;
      return uri === undefined ? undefined : readMongo(uri);
    },
  };
}

async function* readMongo(uri: string): AsyncGenerator<StoredCart> {
  const connection = createMongoConnection(uri, { applicationName: 'trolley-reconcile' });
  try {
    yield* cartsInMongo(connection.database);
  } finally {
    await connection.close();
  }
}
