import { rmSync } from 'node:fs';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { createLogger } from '@trolley/runtime';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { startTrolley } from '../../shop/compose.ts';
import { parseConfig } from '../../shop/config/parse-config.ts';
import { createLifecycle } from '../../shop/process/lifecycle.ts';
import { createProgress } from '../../shop/process/progress.ts';
import { deployed } from '../testing/shop-layout.ts';
import { behindProxy, type ValidatingProxy } from '../testing/validating-proxy.ts';
import { DeployedShop } from './deployed-shop.ts';
import { ShopClient } from './shop-client.ts';
import { backendsOf, kafkaFor, redisFor } from './shop-backends.ts';
import { releaseShopKafka } from '../testing/shop-kafkas.ts';
import { calm, temporaryDataDir, type Environment } from './shop-environment.ts';
import { ShopStores, type StorePlaces } from './shop-stores.ts';

export interface RunningShop {
  readonly client: ShopClient;
  readonly places: StorePlaces;
  readonly stores: ShopStores;
  readonly redisUrl: string;
  /** For gRPC; undefined: no encryption. */
  readonly credentials?: ChannelCredentials;
  /** What the start told a person. */
  readonly lines: readonly string[];
  /** What was logged, a JSON line each. */
  readonly log: readonly string[];
  /** Stops it and removes what it held. */
  stop(): Promise<void>;
}

/** A shop of its own, in the layout of this test run. */
export function startShop(overrides: Environment = {}): Promise<RunningShop> {
  return deployed ? DeployedShop.start(overrides) : startShopHere(overrides);
}

/** `npm start`'s own composition in this process, on a database, a Redis and a DATA_DIR of its own. */
async function startShopHere(overrides: Environment): Promise<RunningShop> {
  const dataDir = temporaryDataDir();
  const database = await databaseFor(overrides);
  const redis = await redisFor(overrides);
  const stores = { DATA_DIR: dataDir, POSTGRES_URL: database.url, REDIS_URL: redis.url };
  const kafka = await kafkaFor({ ...stores, ...overrides });
  const config = parseConfig({ ...calm, ...backendsOf(dataDir), ...kafka, ...stores, ...overrides });
  const lines: string[] = [];
  const log: string[] = [];
  const logger = createLogger(config.logLevel, { write: (line: string) => void log.push(line) });
  const progress = createProgress({ write: (line) => lines.push(line.trimEnd()) });
  const lifecycle = createLifecycle({ progress, log: logger });
  let proxy: ValidatingProxy | undefined;
  async function stop(): Promise<void> {
    await proxy?.stop();
    await lifecycle.stop();
    await redis.stop();
    releaseShopKafka(dataDir);
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  }
  const places = { dataDir, postgresUrl: database.url, mongoUri: config.mongo.uri };
  try {
    const { gatewayUrl = '' } = await startTrolley(config, lifecycle, logger);
    proxy = await behindProxy(gatewayUrl);
    return {
      client: new ShopClient(proxy.url, config.jwt),
      places,
      stores: new ShopStores(places),
      redisUrl: redis.url,
      lines,
      log,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function databaseFor({ POSTGRES_URL: given }: Environment): Promise<TestDatabase> {
  return given === undefined ? createTestDatabase() : { url: given, drop: async () => undefined };
}
