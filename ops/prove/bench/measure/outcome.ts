import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageProblem } from '../../../shop/process/start-problem.ts';
import { compareRounds, renderComparison, type Rounds } from './compare.ts';
import type { Figures } from './figures.ts';

/* What every bench on rounds does with its figures. */

export const outcomeOptions = {
  json: { type: 'string' },
  plots: { type: 'string' },
  compare: { type: 'string' },
} as const;

export const jsonHelp = `  --json FILE     writes all figures of all rounds
`;
export const compareHelp = `  --compare FILE  tells what has changed since a run with --json FILE, by more than its rounds differ
`;
export const outcomeHelp = `${jsonHelp}  --plots DIR     writes plots of them, as SVG
${compareHelp}`;

interface Wanted {
  readonly json?: string | undefined;
  readonly plots?: string | undefined;
}

export interface Outcome {
  readonly figures: Figures;
  /** Whatever else is told of them. */
  readonly facts: object;
  /** SVG by name; default: none. */
  readonly plots?: Readonly<Record<string, string>>;
}

export async function keepOutcome({ json, plots }: Wanted, outcome: Outcome): Promise<void> {
  if (json !== undefined) {
    const kept = { machine, ...outcome.facts, figures: outcome.figures };
    await writeFile(json, `${JSON.stringify(kept, undefined, 2)}\n`);
  }
  if (plots === undefined) return;
  await mkdir(plots, { recursive: true });
  for (const [name, svg] of Object.entries(outcome.plots ?? {}))
    await writeFile(join(plots, `${name}.svg`), svg);
}

const Kept = z.object({ figures: z.record(z.string(), z.array(z.number().nullable())) });

/** Reads the run to be compared with before anything is measured: a wrong name is told at once. */
export function readEarlier(file: string | undefined): Rounds | undefined {
  if (file === undefined) return undefined;
  try {
    const { figures } = Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
    const known = ([name, rounds]: [string, (number | null)[]]) =>
      [name, rounds.filter((value) => value !== null)] as const;
    return Object.fromEntries(Object.entries(figures).map(known));
  } catch (cause) {
    throw new UsageProblem(`--compare: ${file} is not what --json writes.`, { cause });
  }
}

export function comparisonWith(earlier: Rounds | undefined, figures: Figures): string[] {
  return earlier === undefined ? [] : renderComparison(compareRounds(earlier, figures.toJSON()));
}

const [processor] = cpus();
export const machine = {
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  processors: cpus().length,
  model: processor?.model ?? '?',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
};

export const machineLine = `Node ${machine.node}, ${machine.processors} × ${machine.model}, ${machine.memoryGiB} GiB`;
