import { parseArgs, type ParseArgsConfig } from 'node:util';
import { openLineOutput } from '../../runtime/observe/line-output.ts';
import { writePrivately } from './keep-private.ts';
import { createProgress, type Progress } from './progress.ts';
import { isStartProblem, isUsageProblem, UsageProblem } from './start-problem.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

export interface Command<O extends Options> {
  readonly help: string;
  readonly options: O;
  /** Resolves to the exit code. */
  run(given: Given<O>, progress: Progress): Promise<number>;
}

export type Given<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O & typeof common; allowPositionals: true }>
>;

const common = { help: { type: 'boolean', default: false } } as const;

/** How every command ends. `disagree`: it did what it should, and found that the stores deny each other something. */
export const exitCodes = { done: 0, failed: 1, usage: 2, disagree: 3 } as const;

/**
 * Runs a command of this process: `--help` is answered, and what the person at the terminal can put right is said in
 * its own lines. Lines for people go to standard error.
 */
export async function runCommand<const O extends Options>(command: Command<O>): Promise<void> {
  const progress = createProgress(openLineOutput(process.stderr));
  endWithReader(progress);
  writePrivately();
  try {
    process.exitCode = await answer(command, progress);
  } catch (error) {
    if (!isStartProblem(error)) throw error;
    for (const line of error.message.split('\n')) progress.fail(line);
    process.exitCode = isUsageProblem(error) ? exitCodes.usage : exitCodes.failed;
  }
}

/** A command is there for what it prints: without a reader, as behind `| head`, or without room it is over. */
export function endWithReader(progress: Progress): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') progress.fail(`Standard output can't be written: ${error.message}.`);
    process.exit(exitCodes.failed);
  });
}

async function answer<O extends Options>(command: Command<O>, progress: Progress): Promise<number> {
  const given = parse(command.options);
  if (!given.values.help) return command.run(given, progress);
  process.stdout.write(command.help);
  return exitCodes.done;
}

function parse<O extends Options>(options: O): Given<O> & { values: { help?: boolean } } {
  try {
    return parseArgs({ options: { ...options, ...common }, allowPositionals: true });
  } catch (cause) {
    const [sentence = ''] = (cause as Error).message.split('. ');
    throw new UsageProblem(`${sentence}. See --help.`, { cause });
  }
}
