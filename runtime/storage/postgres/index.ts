/**
 * States and the events that leave with them in PostgreSQL, written in one transaction, and the relay that publishes them.
 * `pg` is a peer dependency.
 */
export { OutboxConnection } from './outbox-connection.ts';
export type {
  OutboxConnectionOptions,
  OutboxRow,
  UndeliveredFound,
  UndeliveredLook,
} from './outbox-connection.ts';
export { heldBackBy } from './held-back.ts';
export { outboxInspection } from './outbox-inspection.ts';
export type {
  OutboxInspection,
  OutboxInspectionOptions,
  OutboxReport,
  OutboxRowReport,
  OutboxTypeReport,
  RelayReport,
} from './outbox-inspection.ts';
export { OutboxRelay } from './outbox-relay.ts';
export type { OutboxRelayOptions } from './outbox-relay.ts';
export type { UndeliveredOptions } from './undelivered-looks.ts';
export { tryAdvisoryLock } from './advisory-lock.ts';
export { postgresFailure } from './postgres-errors.ts';
export { createPostgresPool } from './postgres-pool.ts';
export type { PostgresPool, PostgresPoolOptions, TextRow } from './postgres-pool.ts';
export { openPostgresClient, schemaIn } from './postgres-session.ts';
export type { SessionOptions } from './postgres-session.ts';
export { PostgresStateStore } from './postgres-state-store.ts';
export type { PostgresStateStoreOptions } from './postgres-state-store.ts';
export type { PostgresRow, PostgresTable, PostgresType } from './postgres-table.ts';
