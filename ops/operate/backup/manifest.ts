import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { isStartProblem, StartProblem } from '../../shop/process/start-problem.ts';
import type { EventGap, EventGaps } from '../reconcile/event-gap.ts';

/** Says what a backup is made of. It is written last: a folder without it is no backup. */
export const manifestFile = 'manifest.json';

const Sum = { bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) };
/** Names no other folder. */
const FileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);

/** Grows when an older program could no longer read the backup. */
const format = 1;

/** What a group of consumers had not handled of the event log. */
const Gap = z.object({ readAt: z.int(), count: z.int(), checkouts: z.array(z.string()).optional() });

const Manifest = z.object({
  format: z.literal(format),
  /** Of which moment it is. */
  takenAt: z.iso.datetime(),
  versions: z.record(z.string(), z.string()),
  sqlite: z.array(z.object({ file: FileName, schema: z.int(), ...Sum })),
  postgres: z
    .object({
      version: z.string(),
      heldMs: z.number(),
      migrations: z.array(z.object({ name: FileName, checksum: z.string() })),
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
  gaps: z.object({ orders: Gap.optional(), carts: Gap.optional() }).optional(),
});
export type Manifest = z.infer<typeof Manifest>;

/** @throws StartProblem when there is none, or it can't be read */
export function readManifest(folder: string): Manifest {
  const path = join(folder, manifestFile);
  if (!existsSync(folder)) throw new StartProblem(`There is no folder ${folder}.`);
  if (!existsSync(path)) throw new StartProblem(`${folder} is no backup: it has no ${manifestFile}.`);
  const text = readFileSync(path, 'utf8');
  let parsed;
  try {
    const value = JSON.parse(text) as { format?: unknown } | null;
    if (typeof value?.format === 'number' && value.format > format)
      throw new StartProblem(
        `${folder} was written by a newer program (format ${value.format}): use that one.`,
      );
    parsed = Manifest.safeParse(value);
  } catch (cause) {
    if (isStartProblem(cause)) throw cause;
    throw new StartProblem(`The backup is damaged: ${path} is no JSON.`, { cause });
  }
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StartProblem(`The backup is damaged: ${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** In the form of the manifest, and back. */
export function keptGaps({ orders, carts }: EventGaps): NonNullable<Manifest['gaps']> {
  const kept = (gap: EventGap | undefined) =>
    gap && { ...gap, checkouts: gap.checkouts && [...gap.checkouts] };
  return { orders: kept(orders), carts: kept(carts) };
}

export function gapsIn({ gaps }: Manifest): EventGaps {
  const found = (gap: z.infer<typeof Gap> | undefined) =>
    gap && { ...gap, checkouts: gap.checkouts && new Set(gap.checkouts) };
  return { orders: found(gaps?.orders), carts: found(gaps?.carts) };
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
