/**
 * The ports between the kernel and its servers, the adapters of Redis, and what they are made of: for those who write an
 * adapter of their own, or look into a cluster.
 */
export { fromWireError, toWireError } from './define/errors.ts';
export type { WireError } from './define/errors.ts';
export { traceIdOf, validTrace } from './define/trace-context.ts';
export type { CarriedTrace } from './define/trace-context.ts';
export { uuidV5 } from './define/uuid-v5.ts';
export { Batcher } from './flow/batcher.ts';
export type { BatcherOptions } from './flow/batcher.ts';
export { Deadlines } from './flow/deadlines.ts';
export { LinkedList } from './flow/linked-list.ts';
export { withTimeLimit } from './flow/time-limit.ts';
export { openClusterClient, openClusterNode } from './cluster/open-cluster.ts';
export type { ClusterNodeOptions } from './cluster/open-cluster.ts';
export { RedisInbox } from './cluster/redis-inbox.ts';
export type { RedisInboxOptions } from './cluster/redis-inbox.ts';
export { RedisReplies } from './cluster/redis-replies.ts';
export { RedisShardRegistry } from './cluster/redis-shard-registry.ts';
export type { RedisShardRegistryOptions } from './cluster/redis-shard-registry.ts';
export type { Inbox, Replies, Reply } from './mailbox/replies.ts';
export type { ShardHolder, ShardRegistry } from './cluster/shard-registry.ts';
export { addressOf, parseAddress } from './mailbox/address.ts';
export type { ActorAddress } from './mailbox/address.ts';
export type { ActorScriptsOptions } from './mailbox/actor-scripts.ts';
export { BullMqMailbox } from './mailbox/bullmq-mailbox.ts';
export type { BullMqMailboxOptions } from './mailbox/bullmq-mailbox.ts';
export { BullMqMailboxView } from './mailbox/bullmq-mailbox-view.ts';
export type {
  FoundMailbox,
  FoundMailboxes,
  MailboxContents,
  MailboxSearch,
  MailboxView,
  StoredMessage,
} from './mailbox/mailbox-view.ts';
export type { NodeBoard, NodePost, ShardStep } from './inspect/node-board.ts';
export { RedisNodeBoard } from './inspect/redis-node-board.ts';
export type { RedisNodeBoardOptions } from './inspect/redis-node-board.ts';
export { BullMqMailboxAdmin } from './mailbox/bullmq-mailbox-admin.ts';
export type { BullMqMailboxAdminOptions } from './mailbox/bullmq-mailbox-admin.ts';
export type {
  DeadLetterEntry,
  DeadMessage,
  ListPosition,
  MailboxAdmin,
  ParkedEntry,
  StoredDeadLetter,
} from './mailbox/mailbox-admin.ts';
export type {
  Ack,
  ClaimRequest,
  Delivery,
  Envelope,
  FailureNote,
  InlinedMessage,
  Mailbox,
  MailboxWatch,
  ParkNote,
  PostMortem,
  ShardLease,
  WakeListener,
  Withdrawal,
} from './mailbox/mailbox.ts';
export { wakeKey, leaseKey, shardPrefix } from './mailbox/redis-keys.ts';
export { batchedScript } from './redis/batched-script.ts';
export { ChannelReader } from './redis/channel-reader.ts';
export type { ChannelReaderOptions } from './redis/channel-reader.ts';
export { checkRedis } from './redis/check-redis.ts';
export { ForeignKeys } from './redis/foreign-keys.ts';
export type { KeyTypes } from './redis/foreign-keys.ts';
export { openRedis } from './redis/open-redis.ts';
export type { OpenRedisOptions } from './redis/open-redis.ts';
export { isRedisCluster } from './redis/redis-connection.ts';
export { redisScript } from './redis/redis-script.ts';
export type { RedisScript, ScriptArgument } from './redis/redis-script.ts';
export { parseRedisUrl, redisUrlForms } from './redis/redis-url.ts';
export type { RedisAddress, RedisHost } from './redis/redis-url.ts';
export { makeFolder } from './storage/make-folder.ts';
export { CorruptRecordError, decodeRecord, versionOf } from './storage/state-store.ts';
export type { RecordParts } from './storage/state-store.ts';
