import { copyFile, lstat, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes `target` the same as `source`, but for the entries that `leave` names: those are neither copied nor removed,
 * at any depth.
 */
export async function mirrorFolder(
  source: string,
  target: string,
  leave: ReadonlySet<string>,
): Promise<void> {
  await mkdir(target, { recursive: true });
  const entries = await readdir(source, { withFileTypes: true });
  const kinds = new Map(entries.map((entry) => [entry.name, entry.isDirectory()]));
  for (const name of await readdir(target)) {
    if (leave.has(name)) continue;
    const path = join(target, name);
    const bothFolders = kinds.get(name) === true && (await lstat(path)).isDirectory();
    if (!bothFolders) await rm(path, { recursive: true });
  }
  for (const entry of entries) {
    if (leave.has(entry.name)) continue;
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await mirrorFolder(from, to, leave);
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else if (entry.isFile()) await copyFile(from, to);
  }
}
