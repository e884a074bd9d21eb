import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mocha, { type Context, type Runner } from 'mocha';
import { echoMs, takeSignals } from '../../shop/process/ending.mjs';
import { temporaryFolder } from '../../shop/process/temporary-folder.ts';

/*
 * How a run of tests ends on a signal: the test under way is the last one, then what was started stops. With
 * `--parallel` the tests are under way in several processes, and only the first process may hear of the signal (npm
 * passes it on to that one alone). It leaves a file, which the others look for before each test.
 *
 * Of a process that dies of an error that nobody caught Mocha tells only that it died. So each writes such errors down,
 * for the report.
 */

const folderName = 'TEST_RUN_FOLDER';
// Whoever is started by a test is none of these processes.
const { MOCHA_WORKER_ID: worker, [folderName]: folder } = process.env;
delete process.env['MOCHA_WORKER_ID'];
// On Ctrl-C the terminal tells every process; the first one tells what is to be done. They end with it.
if (worker !== undefined) takeSignals(() => undefined);
let begun = 'none';
if (worker !== undefined && folder !== undefined) {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    appendFileSync(uncaughtIn(folder), `${what}\nThe last test that had begun: ${begun}\n\n`);
  });
}

const { EVENT_RUN_BEGIN, EVENT_RUN_END } = mocha.Runner.constants;

/** The test under way is the last one on a signal, then the servers stop; a second signal ends the run at once. */
export function endInOrder(runner: Runner): void {
  const run = temporaryFolder('test-run');
  process.env[folderName] = run;
  let firstAt: number | undefined;
  const listen = () =>
    takeSignals((name) => {
      if (firstAt !== undefined && performance.now() - firstAt > echoMs) process.exit(1);
      if (firstAt !== undefined) return;
      firstAt = performance.now();
      process.stderr.write(`Stopping on ${name} after the test under way.\n`);
      writeFileSync(endedIn(run), name);
      runner.abort();
      // What was cut short has not passed.
      runner.prependOnceListener(EVENT_RUN_END, () => (runner.failures ||= 1));
    });
  listen();
  // From here on mocha, too, would end its processes on SIGINT, without waiting for their tests.
  runner.once(EVENT_RUN_BEGIN, listen);
}

/** For one of several processes, before each test: fails when the run has ended, and so ends the others, too. */
export function goOn(this: Context): void {
  if (worker === undefined || folder === undefined) return;
  begun = this.currentTest?.fullTitle() ?? begun;
  if (!existsSync(endedIn(folder))) return;
  // Mocha runs no file any more, and lets those that are under way come to their end.
  this.test?.parent?.bail(true);
  throw new Error('The run was ended by a signal.');
}

function endedIn(folder: string): string {
  return join(folder, 'ended');
}

function uncaughtIn(folder: string): string {
  return join(folder, 'uncaught');
}
