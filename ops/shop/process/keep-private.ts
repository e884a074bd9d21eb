import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What processes of ours write belongs to their user alone: for the beginning of each that writes. */
export function writePrivately(): void {
  process.umask(0o077);
}

/** What a shop keeps in its DATA_DIR. Whatever else lies there is somebody else's, and stays as it is. */
const ours =
  /^(redis|postgres|kafka|mongo|mail|\.restoring|trolley\.lock.*|.*\.sqlite(-wal|-shm|-journal)?)$/;

/**
 * Takes away from others what they may do with the files of a DATA_DIR, which an earlier version, a copy or a restore
 * may have left open. `folderMode` is that of DATA_DIR itself, where nothing but ours lies in it.
 */
export function tighten(dataDir: string, folderMode: number): void {
  const entries = readdirSync(dataDir);
  for (const name of entries) if (ours.test(name)) tightenTree(join(dataDir, name));
  if (entries.every((name) => ours.test(name))) restrict(dataDir, folderMode);
}

function tightenTree(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isSymbolicLink()) return;
  restrict(path, 0o700);
  if (!stat.isDirectory()) return;
  for (const name of namesIn(path)) tightenTree(join(path, name));
}

/** `mode` is the most that may stay allowed. */
function restrict(path: string, mode: number): void {
  const now = lstatSync(path, { throwIfNoEntry: false })?.mode;
  if (now === undefined || (now & 0o777 & ~mode) === 0) return;
  unlessAnothers(() => chmodSync(path, (now & 0o7000) | (now & mode)));
}

function namesIn(folder: string): string[] {
  return unlessAnothers(() => readdirSync(folder)) ?? [];
}

/** A file of another user's, on a volume that is mounted, say, is not ours to change. */
function unlessAnothers<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM' || code === 'EACCES' || code === 'ENOENT' || code === 'EROFS') return undefined;
    throw error;
  }
}
