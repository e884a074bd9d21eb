/**
 * States in a SQLite file: one process, no server. `better-sqlite3` is a peer dependency.
 */
export { GroupCommit } from './group-commit.ts';
export { createSqliteCheck } from './sqlite-check.ts';
export { openSqlite } from './sqlite-database.ts';
export type { SqliteDatabase, SqliteMigration } from './sqlite-database.ts';
export { sqliteProblem } from './sqlite-problem.ts';
export { SqliteStateStore } from './sqlite-state-store.ts';
