import { parseArgs, type ParseArgsConfig } from 'node:util';
import { isForeseen, openLineOutput, reasonOf } from '@trolley/runtime/observe';
import { writePrivately } from './keep-private.ts';
import { version } from './package-facts.mjs';
import { nearest } from './nearest.ts';
import { createProgress, type Progress } from './progress.ts';
import { isOfSystem, isStartProblem, isUsageProblem, UsageProblem } from './start-problem.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

export interface Command<O extends Options> {
  readonly help: string;
  readonly options: O;
  /** What it is told, default: that of this process. */
  readonly args?: readonly string[];
  /** Words besides its flags, at most. Default: none. */
  readonly maxWords?: number;
  /** Resolves to the exit code. */
  run(given: Given<O>, progress: Progress): Promise<number>;
}

export type Given<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O & typeof common; allowPositionals: true }>
>;

const flag = { type: 'boolean', default: false } as const;
const common = { help: flag, version: flag } as const;

/** What `--version` prints, of every command. */
export const versionLine = `trolley ${version}\n`;

/** How every command ends. `disagree`: it did what it should, and found that the stores deny each other something. */
export const exitCodes = { done: 0, failed: 1, usage: 2, disagree: 3 } as const;

/**
 * Runs a command of this process: `--help` and `--version` are answered, and what the person at the terminal can put
 * right is said in its own lines. Lines for people go to standard error.
 */
export async function runCommand<const O extends Options>(command: Command<O>): Promise<void> {
  const progress = createProgress(openLineOutput(process.stderr));
  endWithReader(progress);
  writePrivately();
  try {
    process.exitCode = await answer(command, progress);
  } catch (error) {
    process.exitCode = tellProblem(error, progress);
  }
}

/** Tells what the person at the terminal can put right, a line for each problem, and returns the exit code. */
export function tellProblem(error: unknown, progress: Progress): number {
  if (!isStartProblem(error)) {
    // A disk, a server or a file, and nothing of this program.
    if (!isForeseen(error) && !isOfSystem(error)) throw error;
    progress.fail(reasonWithPath(error));
    return exitCodes.failed;
  }
  for (const line of error.message.split('\n')) progress.fail(line);
  return isUsageProblem(error) ? exitCodes.usage : exitCodes.failed;
}

function reasonWithPath(error: unknown): string {
  const reason = reasonOf(error);
  const { path } = error as NodeJS.ErrnoException;
  return path === undefined || reason.includes(path) ? reason : `${path}: ${reason}`;
}

/** A command is there for what it prints: without a reader, as behind `| head`, or without room it is over. */
export function endWithReader(progress: Progress): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') progress.fail(`Standard output can't be written: ${error.message}.`);
    process.exit(exitCodes.failed);
  });
}

async function answer<const O extends Options>(command: Command<O>, progress: Progress): Promise<number> {
  const given = readCommandLine(command);
  if (given.values.version === true) process.stdout.write(versionLine);
  else if (given.values.help === true) process.stdout.write(command.help);
  else return command.run(given, progress);
  return exitCodes.done;
}

/** @throws UsageProblem in one line, which names what is not understood */
export function readCommandLine<const O extends Options>({
  options,
  args = process.argv.slice(2),
  maxWords = 0,
}: Pick<Command<O>, 'options' | 'args' | 'maxWords'>): Given<O> & { values: CommonValues } {
  const all = { ...options, ...common };
  try {
    const given: Given<O> & { values: CommonValues } = parseArgs({
      args: [...args],
      options: all,
      allowPositionals: true,
    });
    const extra = given.positionals[maxWords];
    if (extra === undefined || given.values.help === true || given.values.version === true) return given;
    throw new UsageProblem(`Unexpected word '${extra}'. See --help.`);
  } catch (cause) {
    if (isStartProblem(cause)) throw cause;
    const [sentence = ''] = (cause as Error).message.split('. ');
    throw new UsageProblem(`${sentence}.${hint(sentence, Object.keys(all))} See --help.`, { cause });
  }
}

interface CommonValues {
  readonly help?: boolean;
  readonly version?: boolean;
}

function hint(sentence: string, flags: readonly string[]): string {
  const given = /^Unknown option '--([^'=]+)/.exec(sentence)?.[1];
  const meant = given && nearest(given, flags);
  return meant ? ` Is --${meant} meant?` : '';
}
