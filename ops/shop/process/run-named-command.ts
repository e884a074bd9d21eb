import { openLineOutput } from '@trolley/runtime/observe';
import { nearest } from './nearest.ts';
import { createProgress } from './progress.ts';
import { endWithReader, exitCodes, tellProblem, versionLine } from './run-command.ts';
import { UsageProblem } from './start-problem.ts';

/** One of several commands under one name. */
export interface NamedCommand {
  /** One line for the list. */
  readonly summary: string;
  /** Sets the exit code. */
  run(args: readonly string[]): Promise<void>;
}

export interface NamedCommands {
  /** As npm calls it. */
  readonly script: string;
  /** A sentence: what all of them do. */
  readonly about: string;
  readonly commands: Readonly<Record<string, NamedCommand>>;
}

/** Runs the one that the first word names; without a word it lists them. */
export async function runNamedCommand({ script, about, commands }: NamedCommands): Promise<void> {
  const [word = '--help', ...args] = process.argv.slice(2);
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (command !== undefined) return command.run(args);
  const progress = createProgress(openLineOutput(process.stderr));
  endWithReader(progress);
  if (word === '--version') process.stdout.write(versionLine);
  else if (word === '--help') process.stdout.write(listOf({ script, about, commands }));
  else {
    const meant = nearest(word, Object.keys(commands));
    const hint = meant === undefined ? '' : ` Is ${meant} meant?`;
    process.exitCode = tellProblem(new UsageProblem(`There is no '${word}'.${hint} See --help.`), progress);
    return;
  }
  process.exitCode = exitCodes.done;
}

function listOf({ script, about, commands }: NamedCommands): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return `npm run ${script} -- NAME [flags]

${about}

${lines.join('\n')}

npm run ${script} -- NAME --help tells its flags.
`;
}
