import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();

/**
 * Makes a folder for what this process needs while it runs. It goes with the process, also where a signal ends it
 * before whoever asked has removed it.
 */
export function temporaryFolder(name: string): string {
  if (folders.size === 0) process.once('exit', removeAll);
  const folder = mkdtempSync(join(tmpdir(), `trolley-${name}-`));
  folders.add(folder);
  return folder;
}

export function removeTemporaryFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  folders.delete(folder);
  if (folders.size === 0) process.removeListener('exit', removeAll);
}

/** For a person to look into. */
export function keepTemporaryFolder(folder: string): void {
  folders.delete(folder);
}

function removeAll(): void {
  for (const folder of folders) removeTemporaryFolder(folder);
}
