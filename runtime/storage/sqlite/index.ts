/**
 * States in a SQLite file: one process, no server. `better-sqlite3` is a peer dependency.
 */
export { GroupCommit } from './group-commit.ts';
export type { GroupCommitOptions } from './group-commit.ts';
export type { CommitFlush } from './write-ahead-log.ts';
export type { LockWait } from './sqlite-lock.ts';
export { createSqliteCheck } from './sqlite-check.ts';
export { openSqlite } from './sqlite-database.ts';
export type { SqliteDatabase, SqliteMigration, SqliteOptions } from './sqlite-database.ts';
export { sqliteProblem } from './sqlite-problem.ts';
export { SqliteStateStore } from './sqlite-state-store.ts';
export type { SqliteStateStoreOptions } from './sqlite-state-store.ts';
