import { parseArgs, type ParseArgsConfig } from 'node:util';
import { createProgress, type Progress } from './progress.ts';
import { isStartProblem, StartProblem } from './start-problem.ts';

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

/**
 * Runs a command of this process: `--help` is answered, and what the person at the terminal can put right is said in
 * its own lines, with exit code 2. Lines for people go to standard error.
 */
export async function runCommand<const O extends Options>(command: Command<O>): Promise<void> {
  const progress = createProgress(process.stderr);
  try {
    process.exitCode = await answer(command, progress);
  } catch (error) {
    if (!isStartProblem(error)) throw error;
    for (const line of error.message.split('\n')) progress.fail(line);
    process.exitCode = 2;
  }
}

async function answer<O extends Options>(command: Command<O>, progress: Progress): Promise<number> {
  const given = parse(command.options);
  if (!given.values.help) return command.run(given, progress);
  process.stdout.write(command.help);
  return 0;
}

function parse<O extends Options>(options: O): Given<O> & { values: { help?: boolean } } {
  try {
    return parseArgs({ options: { ...options, ...common }, allowPositionals: true });
  } catch (cause) {
    const [sentence = ''] = (cause as Error).message.split('. ');
    throw new StartProblem(`${sentence}. See --help.`, { cause });
  }
}
