/**
 * What an adapter of a port must pass, as mocha suites: for those who write one. `mocha` and `chai` are peer dependencies.
 *
 * Their servers are named by TEST_REDIS_URL, TEST_REDIS_CLUSTER_URL, TEST_POSTGRES_URL, TEST_MONGODB_URI and
 * TEST_KAFKA_BROKERS.
 */
export { describeEventLog } from './event-log.suite.ts';
export type { EventLogUnderTest } from './event-log.suite.ts';
export { describeDeadLetters } from './dead-letters.suite.ts';
export { describeMailbox } from './mailbox.suite.ts';
export type { MailboxUnderTest } from './mailbox.suite.ts';
export { describeMailboxView } from './mailbox-view.suite.ts';
export { describeWaiting } from './mailbox-waiting.suite.ts';
export { describeNodeBoard } from './node-board.suite.ts';
export type { NodeBoardUnderTest } from './node-board.suite.ts';
export { describeShardRegistry } from './shard-registry.suite.ts';
export type { ShardRegistryUnderTest } from './shard-registry.suite.ts';
export { describeStateStore } from './state-store.suite.ts';
export type { StateStoreUnderTest, StoredEvent } from './state-store.suite.ts';
export { keysLike } from './redis-under-test.ts';
export {
  createTestDatabase,
  createTestMongo,
  createTestRedis,
  testKafkaBrokers,
  testMongoUri,
  testPostgresUrl,
  testRedisUrl,
} from './test-servers.ts';
export type { TestDatabase, TestRedis } from './test-servers.ts';
