import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '@trolley/runtime/adapters';
import { cacheHome } from '../../shop/environment.ts';

/** A filling that is older was cut off: none takes that long. */
const cutOffMs = 3_600_000;

/**
 * The folder `name` in the cache of downloads, which outlives any checkout. It is there whole or not at all:
 * `fill` gets an empty folder, which takes its place when it is full. Of two processes that fill it at the same
 * time, the first to end wins.
 *
 * A name stands for one content for ever: put the version into it.
 */
export async function cachedFolder(
  name: string,
  fill: (emptyFolder: string) => Promise<void>,
  root = join(cacheHome(), 'trolley'),
): Promise<string> {
  const folder = join(root, name);
  if (existsSync(folder)) return folder;
  makeFolder(root);
  await removeCutOff(folder);
  const filling = await mkdtemp(`${folder}.filling-`);
  try {
    await fill(filling);
    await rename(filling, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
    return folder;
  } finally {
    await rm(filling, { recursive: true, force: true });
  }
}

async function removeCutOff(folder: string): Promise<void> {
  const root = dirname(folder);
  for (const entry of await readdir(root)) {
    if (!entry.startsWith(`${basename(folder)}.filling-`)) continue;
    const path = join(root, entry);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < Date.now() - cutOffMs)
      await rm(path, { recursive: true, force: true });
  }
}
