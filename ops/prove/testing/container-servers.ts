import type * as library from 'testcontainers';
import type { GenericContainer, StartedTestContainer } from 'testcontainers';
import { findFreePort } from '../../shop/process/ports.ts';
import type { TestServer } from './test-server.ts';

type Testcontainers = typeof library;

/** A server of the tests as a container. Nothing in it is worth a write to disk. */
interface Recipe {
  readonly image: string;
  /** Inside. */
  readonly port: number;
  /** What the log says when it can be used, the last time it says so. */
  readonly ready: { readonly line: RegExp; readonly times: number };
  readonly command?: readonly string[];
  environment?(hostPort: number): Record<string, string>;
  url(address: string): string;
}

export const recipes = {
  redis: {
    image: 'redis:7-alpine',
    port: 6379,
    command: ['redis-server', '--save', '', '--appendonly', 'no', '--databases', '1024'],
    ready: { line: /Ready to accept connections/, times: 1 },
    url: (address) => `redis://${address}`,
  },
  postgres: {
    image: 'postgres:16-alpine',
    port: 5432,
    command: ['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'],
    environment: () => ({ POSTGRES_USER: 'trolley', POSTGRES_PASSWORD: 'trolley', POSTGRES_DB: 'trolley' }),
    // It starts once to make the database, and then for good.
    ready: { line: /database system is ready to accept connections/, times: 2 },
    url: (address) => `postgres://trolley:trolley@${address}/trolley`,
  },
  mongo: {
    image: 'mongo:7',
    port: 27017,
    ready: { line: /Waiting for connections/, times: 1 },
    url: (address) => `mongodb://${address}/`,
  },
  kafka: {
    image: 'apache/kafka:4.3.1',
    port: 9092,
    environment: (hostPort) => ({
      KAFKA_HEAP_OPTS: '-Xmx512m',
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:29093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: 'HOST://:9092,CONTROLLER://:29093',
      KAFKA_ADVERTISED_LISTENERS: `HOST://localhost:${hostPort}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'HOST:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'HOST',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    }),
    ready: { line: /Kafka Server started/, times: 1 },
    url: (address) => address,
  },
} as const satisfies Record<string, Recipe>;

const startupLimitMs = 180_000;

/**
 * The server as a container, which the engine removes when the tests are gone, however they end. Undefined where no
 * engine answers, and where it can't start this one: `say` is told why.
 */
export async function startInContainer(
  name: keyof typeof recipes,
  say: (line: string) => void,
): Promise<TestServer | undefined> {
  const testcontainers = await findEngine();
  if (testcontainers === undefined) return undefined;
  const recipe: Recipe = recipes[name];
  try {
    const hostPort = await findFreePort();
    const container = await containerOf(recipe, hostPort, testcontainers).start();
    return serverOf(recipe, container, hostPort);
  } catch (error) {
    say(
      `${recipe.image} does not start as a container: ${(error as Error).message}. A local server is next.`,
    );
    return undefined;
  }
}

function containerOf(
  recipe: Recipe,
  hostPort: number,
  { GenericContainer, Wait }: Testcontainers,
): GenericContainer {
  const { line, times } = recipe.ready;
  const container = new GenericContainer(recipe.image)
    .withExposedPorts({ container: recipe.port, host: hostPort })
    .withEnvironment(recipe.environment?.(hostPort) ?? {})
    .withWaitStrategy(Wait.forLogMessage(line, times))
    .withStartupTimeout(startupLimitMs);
  return recipe.command === undefined ? container : container.withCommand([...recipe.command]);
}

function serverOf(recipe: Recipe, container: StartedTestContainer, hostPort: number): TestServer {
  return {
    url: recipe.url(`${container.getHost()}:${hostPort}`),
    stop: async () => {
      await container.stop();
    },
  };
}

let engine: Promise<Testcontainers | undefined> | undefined;

/** Looks for an engine once: the answer takes a while. */
function findEngine(): Promise<Testcontainers | undefined> {
  engine ??= (async () => {
    const testcontainers = await import('testcontainers');
    try {
      await testcontainers.getContainerRuntimeClient();
      return testcontainers;
    } catch {
      return undefined;
    }
  })();
  return engine;
}
