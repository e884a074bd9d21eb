import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';

/*
 * The servers that tests share. The test run's root hooks (ops/prove/testing/mocha-hooks.ts) start them
 * and hand their addresses over in the environment, since runtime/ and actors/ must not import ops/.
 * Ask inside `before()`: the test files load earlier than the servers start.
 */

/** The Redis that all tests share: take `createTestRedis` unless keys of other tests do no harm. */
export function testRedisUrl(): string {
  return addressIn('TEST_REDIS_URL');
}

/** The Redis Cluster that tests named `*.cluster.int.test.ts` share: take keys of one's own. */
export function testRedisClusterUrl(): string {
  return addressIn('TEST_REDIS_CLUSTER_URL');
}

/** The PostgreSQL that all tests share, as a superuser: take `createTestDatabase` for tables. */
export function testPostgresUrl(): string {
  return addressIn('TEST_POSTGRES_URL');
}

export interface TestRedis {
  /** With the number of a logical database that nobody else uses. Pub/sub is shared nevertheless. */
  readonly url: string;
  readonly port: number;
  flush(): Promise<void>;
}

/** A logical Redis database of one's own, empty. */
export async function createTestRedis(): Promise<TestRedis> {
  const shared = new URL(testRedisUrl());
  const count = await onRedis(shared.href, async (redis) => {
    const [, databases] = (await redis.config('GET', 'databases')) as [string, string];
    // Database 0 only holds this counter, so that several test processes may share one server.
    const taken = await redis.incr('trolley:test:databases');
    return (taken % (Number(databases) - 1)) + 1;
  });
  shared.pathname = `/${count}`;
  const url = shared.href;
  const flush = () =>
    onRedis(url, async (redis) => {
      await redis.flushdb();
    });
  await flush();
  return { url, port: Number(shared.port), flush };
}

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

let databases = 0;

/** A database of one's own with every migration applied: a copy of a template made once per test run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const url = new URL(testPostgresUrl());
  const problem = process.env['TEST_POSTGRES_PROBLEM'];
  if (problem !== undefined) throw new Error(`the migrations failed: ${problem}`);
  const template = process.env['TEST_POSTGRES_TEMPLATE'];
  databases += 1;
  const name = `test_${process.pid}_${databases}`;
  await onPostgres(`CREATE DATABASE ${name} TEMPLATE ${template ?? 'template0'}`);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onPostgres(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** The MongoDB that tests named `*.mongo.int.test.ts` share, without a database in its address. */
export function testMongoUri(): string {
  return addressIn('TEST_MONGODB_URI');
}

/** An empty database of one's own in MongoDB. */
export async function createTestMongo(): Promise<TestDatabase> {
  const url = new URL(testMongoUri());
  databases += 1;
  url.pathname = `/test_${process.pid}_${databases}`;
  const drop = async () => {
    const client = await MongoClient.connect(url.href);
    await client.db().dropDatabase();
    await client.close();
  };
  // Left behind by a killed run whose process had the same number.
  await drop();
  return { url: url.href, drop };
}

/** The Kafka that tests named `*.kafka.int.test.ts` share, as `host:port,…`: take topics and groups of one's own. */
export function testKafkaBrokers(): string {
  return addressIn('TEST_KAFKA_BROKERS');
}

async function onRedis<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

async function onPostgres(statement: string): Promise<void> {
  const client = new Client({ connectionString: testPostgresUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

type AddressVariable =
  | 'TEST_REDIS_URL'
  | 'TEST_REDIS_CLUSTER_URL'
  | 'TEST_POSTGRES_URL'
  | 'TEST_MONGODB_URI'
  | 'TEST_KAFKA_BROKERS';

function addressIn(variable: AddressVariable): string {
  const address = process.env[variable];
  if (address !== undefined && address !== '') return address;
  throw new Error(
    `${variable} is not set. The test run starts the servers for files named *.int.test.ts and below ops/prove/e2e/, ` +
      'a Redis Cluster for *.cluster.int.test.ts, MongoDB for *.mongo.int.test.ts, Kafka for *.kafka.int.test.ts, and ' +
      'their addresses are there from before() on: rename the file, or ask later.',
  );
}
