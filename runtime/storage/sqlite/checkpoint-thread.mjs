import { parentPort } from 'node:worker_threads';
import Database from 'better-sqlite3';

/*
 * Makes the checkpoints of all SQLite files of a process, one after another. Plain JavaScript: in a thread, TypeScript
 * would need a compiler of its own.
 */

const databases = new Map();

parentPort.on('message', ({ id, file, released }) => {
  if (released === undefined) parentPort.postMessage({ id, ...checkpoint(file) });
  else release(file, released);
});

/** What can be moved while others write: nobody waits for it, and it waits for nobody. */
function checkpoint(file) {
  try {
    if (!databases.has(file)) databases.set(file, open(file));
    const [{ log, checkpointed }] = databases.get(file).pragma('wal_checkpoint(PASSIVE)');
    return { log, checkpointed };
  } catch (error) {
    return { problem: String(error) };
  }
}

function open(file) {
  const database = new Database(file, { fileMustExist: true, timeout: 0 });
  // The log is flushed before what it holds is written to the file, and the file before the log begins anew.
  database.pragma('synchronous = NORMAL');
  return database;
}

/** Who waits for it stands still. */
function release(file, released) {
  try {
    databases.get(file)?.close();
  } finally {
    databases.delete(file);
    Atomics.store(released, 0, 1);
    Atomics.notify(released, 0);
  }
}
