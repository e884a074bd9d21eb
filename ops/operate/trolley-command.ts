import { openLineOutput } from '@trolley/runtime/observe';
import { parseConfig } from '../shop/config/parse-config.ts';
import { readEnvironment } from '../shop/environment.ts';
import { takeSignals } from '../shop/process/ending.mjs';
import { writePrivately } from '../shop/process/keep-private.ts';
import { createProgress } from '../shop/process/progress.ts';
import { endWithReader, tellProblem, versionLine } from '../shop/process/run-command.ts';
import { reach } from './trolley/reach.ts';
import { runTrolley } from './trolley/run-trolley.ts';
import { openScreen } from './trolley/screen.ts';

const progress = createProgress(openLineOutput(process.stderr));
endWithReader(progress);
writePrivately();
const args = process.argv.slice(2);
const watched = new AbortController();
if (args.some((arg) => arg.startsWith('--watch'))) takeSignals(() => watched.abort());

if (args[0] === '--version') process.stdout.write(versionLine);
else {
  try {
    await using around = reach(parseConfig(readEnvironment()), progress);
    const screen = openScreen(process.stdout);
    process.exitCode = await runTrolley(args, { screen, around, signal: watched.signal });
  } catch (error) {
    process.exitCode = tellProblem(error, progress);
  }
}
