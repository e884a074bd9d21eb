/**
 * The ports between the kernel and its servers, the adapters of Redis, and what they are made of: for those who write an
 * adapter of their own, or look into a cluster.
 */
export { openClusterClient, openClusterNode } from './cluster/open-cluster.ts';
export type { ClusterNodeOptions } from './cluster/open-cluster.ts';
export { RedisInbox } from './cluster/redis-inbox.ts';
export { RedisReplies } from './cluster/redis-replies.ts';
export { RedisShardRegistry } from './cluster/redis-shard-registry.ts';
export type { Inbox, Replies, Reply } from './mailbox/replies.ts';
export type { ShardRegistry } from './cluster/shard-registry.ts';
export { addressOf, parseAddress } from './mailbox/address.ts';
export type { ActorAddress } from './mailbox/address.ts';
export { BullMqMailbox } from './mailbox/bullmq-mailbox.ts';
export { BullMqMailboxAdmin } from './mailbox/bullmq-mailbox-admin.ts';
export type { MailboxAdmin } from './mailbox/mailbox-admin.ts';
export type { Delivery, Envelope, Ack, Mailbox, ShardLease } from './mailbox/mailbox.ts';
export { wakeKey, leaseKey, shardPrefix } from './mailbox/redis-keys.ts';
export { ForeignKeys } from './redis/foreign-keys.ts';
export { redisScript } from './redis/redis-script.ts';
export { makeFolder } from './storage/make-folder.ts';
