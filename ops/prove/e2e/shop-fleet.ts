import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createTestDatabase, createTestRedis, type TestDatabase } from '@trolley/runtime/testing/suites';
import { releaseShopKafka } from '../testing/shop-kafkas.ts';
import { kafkaFor } from './shop-backends.ts';
import { portOf, temporaryDataDir, type Environment } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

/** One shop in several processes, each with a DATA_DIR of its own, on the same PostgreSQL and Redis. */
export class ShopFleet {
  readonly redisUrl: string;
  readonly #folder: string;
  readonly #database: TestDatabase;
  readonly #environment: Environment;
  readonly #processes: ShopProcess[] = [];

  private constructor(folder: string, database: TestDatabase, redisUrl: string, environment: Environment) {
    this.#folder = folder;
    this.#database = database;
    this.redisUrl = redisUrl;
    this.#environment = environment;
  }

  /** `environment`: for every process. */
  static async open(environment: Environment = {}): Promise<ShopFleet> {
    const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
    const folder = temporaryDataDir();
    const kafka = await kafkaFor({ DATA_DIR: folder, ...environment });
    return new ShopFleet(folder, database, redis.url, { ...kafka, ...environment });
  }

  /** Where the processes keep their files; goes with them. */
  get folder(): string {
    return this.#folder;
  }

  get postgresUrl(): string {
    return this.#database.url;
  }

  /** Starts a process with these roles. The same name again has what the last one of it left on disk. */
  async start(name: string, roles: string, environment: Environment = {}): Promise<ShopProcess> {
    const dataDir = join(this.#folder, name);
    mkdirSync(dataDir, { recursive: true });
    const stores = { POSTGRES_URL: this.postgresUrl, REDIS_URL: this.redisUrl };
    const own = { ROLES: roles, DATA_DIR: dataDir };
    const started = await ShopProcess.start({ ...stores, ...this.#environment, ...environment, ...own });
    this.#processes.push(started);
    return started;
  }

  /** Starts the three services in one process, and says where they are found. */
  async startServices(
    environment: Environment = {},
  ): Promise<{ services: ShopProcess; addresses: Environment }> {
    const services = await this.start('services', 'product,inventory,payment', environment);
    const at = (name: string) => `127.0.0.1:${portOf(services.lines, `${name} service`)}`;
    const addresses = {
      PRODUCT_SERVICE_ADDR: at('product'),
      INVENTORY_SERVICE_ADDR: at('inventory'),
      PAYMENT_SERVICE_ADDR: at('payment'),
    };
    return { services, addresses };
  }

  /** Kills what still runs and removes what it held. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.kill()));
    releaseShopKafka(this.#folder);
    await this.#database.drop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
