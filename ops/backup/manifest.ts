import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { StartProblem } from '../infra/start-problem.ts';

/** Says what a backup is made of. It is written last: a folder without it is no backup. */
export const manifestFile = 'manifest.json';

const Sum = { bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) };
/** Names no other folder. */
const FileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);

const Manifest = z.object({
  /** Grows when an older program could no longer read the backup. */
  format: z.literal(1),
  /** Of which moment it is. */
  takenAt: z.iso.datetime(),
  versions: z.record(z.string(), z.string()),
  sqlite: z.array(z.object({ file: FileName, schema: z.int(), ...Sum })),
  postgres: z
    .object({
      version: z.string(),
      heldMs: z.number(),
      migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
      tables: z.array(
        z.object({
          name: z.string(),
          columns: z.array(z.string()),
          file: FileName,
          rows: z.int().nonnegative(),
          ...Sum,
        }),
      ),
      sequences: z.array(z.object({ name: z.string(), value: z.string() })),
    })
    .optional(),
  /** Stores on servers of their own, which are not in here, and where the moment lies in their log. */
  elsewhere: z.array(z.object({ store: z.string(), position: z.string().optional() })),
});
export type Manifest = z.infer<typeof Manifest>;

/** @throws StartProblem when there is none, or it can't be read */
export function readManifest(folder: string): Manifest {
  const path = join(folder, manifestFile);
  if (!existsSync(path)) throw new StartProblem(`${folder} is no backup: it has no ${manifestFile}.`);
  try {
    return Manifest.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new StartProblem(`${path} is not one that this program understands.`, { cause });
  }
}

/** @throws StartProblem naming the first file that is not as it was written */
export async function verifyFiles(folder: string, { sqlite, postgres }: Manifest): Promise<void> {
  for (const { file, bytes, sha256 } of [...sqlite, ...(postgres?.tables ?? [])]) {
    const path = join(folder, file);
    if (!existsSync(path)) throw new StartProblem(`The backup is damaged: ${path} is missing.`);
    if (statSync(path).size !== bytes || (await sha256Of(path)) !== sha256)
      throw new StartProblem(`The backup is damaged: ${path} is not as it was written.`);
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
