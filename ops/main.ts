import pretty from 'pino-pretty';
import { createLogger } from '../runtime/observe/logger.ts';
import { startTrolley } from './compose.ts';
import type { Config } from './config/config.ts';
import { describeConfig } from './config/describe-config.ts';
import { parseConfig } from './config/parse-config.ts';
import { renderHelp } from './config/render-docs.ts';
import { readEnvironment } from './environment.ts';
import { createLifecycle } from './infra/lifecycle.ts';
import { guardProcess } from './infra/process-guard.ts';
import { createProgress, type Progress } from './infra/progress.ts';
import { isStartProblem } from './infra/start-problem.ts';
import { welcome } from './welcome.ts';

// Lines for people go to standard error, so that standard output is nothing but logs.
const progress = createProgress(process.stderr);
// Who reads them may be gone before the shop is: that is no reason to end, nor to hang at the end.
process.stderr.on('error', () => undefined);

if (process.argv.includes('--help')) {
  process.stdout.write(renderHelp(process.stdout.columns));
} else {
  const config = readConfig(progress);
  if (config === undefined) process.exitCode = 1;
  else await run(config, progress);
}

function readConfig(progress: Progress): Config | undefined {
  try {
    return parseConfig(readEnvironment());
  } catch (error) {
    if (!isStartProblem(error)) throw error;
    for (const line of error.message.split('\n')) progress.fail(line);
    return undefined;
  }
}

async function run(config: Config, progress: Progress): Promise<void> {
  // A stream in this process: a worker of its own would lose the last lines when the process ends.
  const log = createLogger(config.logLevel, process.stdout.isTTY ? pretty({ sync: true }) : undefined);
  for (const warning of config.warnings) progress.warn(warning);
  log.debug({ config: describeConfig(config) }, 'configuration');

  const lifecycle = createLifecycle({ progress, log });
  const guard = guardProcess(process, { lifecycle, progress, log });
  const startedAt = performance.now();
  try {
    const { gatewayUrl } = await startTrolley(config, lifecycle, log);
    progress.done('Trolley is ready', performance.now() - startedAt);
    if (gatewayUrl !== undefined) progress.say(await welcome(config, gatewayUrl));
  } catch (error) {
    if (guard.ending) return;
    if (isStartProblem(error)) progress.fail(error.message);
    else {
      log.fatal({ err: error }, 'the start failed');
      progress.fail(`The start failed: ${String(error)}`);
    }
    await lifecycle.stop();
    process.exit(1);
  }
}
