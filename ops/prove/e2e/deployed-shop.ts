import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { Client } from 'pg';
import { createTestAuthority } from '../testing/certificates.ts';
import { startPrivateKafka, startPrivateMongo, startPrivateRedisCluster } from '../testing/test-servers.ts';
import { ShopClient } from './shop-client.ts';
import { portOf, type Environment } from './shop-environment.ts';
import { ShopFleet } from './shop-fleet.ts';
import type { ShopProcess } from './shop-process.ts';
import { ShopStores, type StorePlaces } from './shop-stores.ts';

/** Which process does what; each is alone in its DATA_DIR. */
const layout = {
  'gateway-1': 'gateway',
  'gateway-2': 'gateway',
  'node-1': 'node',
  'node-2': 'node',
  'relay-1': 'relay',
  'relay-2': 'relay',
  'consumers-1': 'consumers',
  'consumers-2': 'consumers',
  facades: 'grpc',
} as const;

type Name = keyof typeof layout | 'product' | 'inventory' | 'payment';
const serviceNames = ['product', 'inventory', 'payment'] as const;
const names = Object.keys(layout) as (keyof typeof layout)[];

/**
 * The shop as it is deployed: every role in processes of its own, two of each that may have two, mutual TLS between
 * them, carts in MongoDB, events in Kafka, mailboxes on a Redis Cluster. Its servers belong to it alone.
 */
export class DeployedShop {
  readonly #fleet: ShopFleet;
  readonly #environment: Environment;
  readonly #processes = new Map<Name, ShopProcess>();
  readonly #servers: readonly { stop(): Promise<void> }[];
  readonly redisUrl: string;

  private constructor(
    fleet: ShopFleet,
    environment: Environment,
    servers: readonly { stop(): Promise<void> }[],
  ) {
    this.#fleet = fleet;
    this.#environment = environment;
    this.#servers = servers;
    this.redisUrl = environment['REDIS_URL'] ?? '';
  }

  static async start(overrides: Environment = {}): Promise<DeployedShop> {
    const [redis, mongo, kafka, fleet] = await Promise.all([
      startPrivateRedisCluster({ nodeTimeoutMs: 30_000 }),
      startPrivateMongo(),
      startPrivateKafka(),
      ShopFleet.open(),
    ]);
    const backends = { REDIS_URL: redis.url, MONGODB_URI: `${mongo.url}shop`, KAFKA_BROKERS: kafka.url };
    // With certificates gRPC would listen on all addresses.
    const own = { HEALTH_PORT: '0', GRPC_HOST: '127.0.0.1' };
    const environment = { ...backends, ...certificatesIn(fleet.folder), ...own, ...overrides };
    const shop = new DeployedShop(fleet, environment, [redis, mongo, kafka]);
    try {
      await emptied(fleet.postgresUrl);
      await Promise.all(serviceNames.map((name) => shop.start(name)));
      // All at once, as a first deployment does: one of them makes the tables, the others wait for it.
      await Promise.all(names.map((name) => shop.start(name)));
      return shop;
    } catch (error) {
      await shop.stop();
      throw error;
    }
  }

  /** Starts a process that does not run, with what the last one of its name left on disk. */
  async start(name: Name): Promise<void> {
    const isService = serviceNames.some((each) => each === name);
    const roles = isService ? name : layout[name as keyof typeof layout];
    const addresses = isService ? {} : this.#addresses;
    this.#processes.set(name, await this.#fleet.start(name, roles, { ...this.#environment, ...addresses }));
  }

  /** A process that was started. */
  process(name: Name): ShopProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new Error(`${name} was not started`);
    return found;
  }

  get processes(): ReadonlyMap<Name, ShopProcess> {
    return this.#processes;
  }

  get #addresses(): Environment {
    const addressOf = (name: (typeof serviceNames)[number]): [string, string] => [
      `${name.toUpperCase()}_SERVICE_ADDR`,
      `localhost:${portOf(this.process(name).lines, `${name} service`)}`,
    ];
    return Object.fromEntries(serviceNames.map(addressOf));
  }

  /** Asks one gateway after the other. */
  get client(): ShopClient {
    const gateways = [this.process('gateway-1'), this.process('gateway-2')];
    const urls = gateways.map(({ client }) => client.url);
    return new ShopClient(urls, this.process('gateway-1').tokens);
  }

  /** As its processes have them. */
  get credentials(): ChannelCredentials {
    const read = (name: string) => readFileSync(this.#environment[name] ?? '');
    return credentials.createSsl(read('GRPC_TLS_CA'), read('GRPC_TLS_KEY'), read('GRPC_TLS_CERT'));
  }

  get places(): StorePlaces {
    return {
      dataDir: '',
      postgresUrl: this.#fleet.postgresUrl,
      mongoUri: this.#environment['MONGODB_URI'],
      elsewhere: { inventory: this.process('inventory').dataDir, payment: this.process('payment').dataDir },
    };
  }

  get stores(): ShopStores {
    return new ShopStores(this.places);
  }

  get lines(): readonly string[] {
    return [...this.#processes.values()].flatMap(({ lines }) => lines);
  }

  get log(): readonly string[] {
    return [...this.#processes.values()].flatMap(({ log }) => log);
  }

  async stop(): Promise<void> {
    await this.#fleet.stop();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}

function certificatesIn(folder: string): Environment {
  const authority = createTestAuthority(join(folder, 'certificates'));
  const { cert, key } = authority.issue('shop');
  return { GRPC_TLS_CA: authority.ca, GRPC_TLS_CERT: cert, GRPC_TLS_KEY: key };
}

/** Takes the tables away that a test's database comes with. */
async function emptied(postgresUrl: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await client.end();
}
