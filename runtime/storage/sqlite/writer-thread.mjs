import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/*
 * Writes to one SQLite file. A message is a group of writes, and its answer says that they are on disk. Plain
 * JavaScript: in a thread, TypeScript would need a compiler of its own.
 */

const { file, inode } = workerData;
const database = open();
const begin = database.prepare('BEGIN IMMEDIATE');
const commit = database.prepare('COMMIT');
const statements = new Map();

parentPort.on('message', ({ writes }) => {
  if (writes !== undefined) return parentPort.postMessage(commitGroup(writes));
  database.close();
  parentPort.close();
});

function open() {
  const opened = new Database(file, { fileMustExist: true, timeout: 0 });
  // A thread that takes the place of another one must not write to what was put in the file's place meanwhile.
  if (statSync(file).ino !== inode) throw new Error(`${file} was removed or replaced`);
  // A commit waits for the disk, and is seen by nobody before it is there.
  opened.pragma('synchronous = FULL');
  opened.pragma('foreign_keys = ON');
  return opened;
}

function commitGroup(writes) {
  try {
    begin.run();
    const results = writes.map(runWrite);
    commit.run();
    return { results };
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    return { failure: failureOf(error) };
  }
}

/** How many rows its first statement changed, or what is wrong with it: then it has changed nothing. */
function runWrite(write) {
  const isOneStatement = write.length === 1;
  try {
    // A statement that fails undoes itself.
    if (isOneStatement) return run(write[0]);
    database.exec('SAVEPOINT one_write');
    const [first, ...rest] = write;
    const changes = run(first);
    if (changes > 0) rest.forEach(run);
    database.exec('RELEASE one_write');
    return changes;
  } catch (error) {
    // A full disk or a broken file ends the whole transaction, and with it the group.
    if (!database.inTransaction) throw error;
    if (!isOneStatement) database.exec('ROLLBACK TO one_write; RELEASE one_write');
    return failureOf(error);
  }
}

function run([sql, ...values]) {
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = database.prepare(sql);
    statements.set(sql, statement);
  }
  return statement.run(...values).changes;
}

function failureOf({ code, message }) {
  return { code, message };
}
