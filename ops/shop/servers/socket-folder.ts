import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** What Linux and macOS both take for the path of a socket. */
const maxPathBytes = 103;

/** Where a server can have its Unix socket: connections over it cost half of what they cost over the loopback. */
export interface SocketFolder {
  /** Begins the name of each socket file of the server. */
  readonly prefix: string;
  /** The longest that a name gets. */
  readonly longestName: string;
}

/**
 * Whether the server can have a socket in this folder, where no other server runs: what one left behind that was killed
 * is removed. Not below a long path, and not on every file system.
 */
export async function canHaveSocket(folder: string, { prefix, longestName }: SocketFolder): Promise<boolean> {
  for (const name of readdirSync(folder)) if (name.startsWith(prefix)) rmSync(join(folder, name));
  const path = join(folder, longestName);
  if (Buffer.byteLength(path) > maxPathBytes) return false;
  const probe = createServer();
  try {
    await once(probe.listen(path), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
