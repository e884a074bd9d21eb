import { open } from 'node:fs/promises';

/** Writes a file, or what a folder lists, to the disk: who has read that it is done may switch the machine off. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
