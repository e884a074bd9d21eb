import { availableParallelism } from 'node:os';
import { Writable } from 'node:stream';
import type { DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import { isActorError, type Logger, systemClock } from '@trolley/runtime';
import { createStandardLogger, type LineOutput, openLineOutput } from '@trolley/runtime/observe';
import type { Config } from './config/config.ts';
import { describeConfig } from './config/describe-config.ts';
import { parseConfig } from './config/parse-config.ts';
import { renderHelp } from './config/render-docs.ts';
import { roleNames } from './config/roles.ts';
import { readEnvironment } from './environment.ts';
import { takeSignals } from './process/ending.mjs';
import { writePrivately } from './process/keep-private.ts';
import { version } from './process/package-facts.mjs';
import { createLifecycle, type Lifecycle } from './process/lifecycle.ts';
import { guardProcess, type GuardedProcess } from './process/process-guard.ts';
import { createProgress, type Progress } from './process/progress.ts';
import { endWithReader, readCommandLine, tellProblem, versionLine } from './process/run-command.ts';
import { isStartProblem } from './process/start-problem.ts';
import { welcome } from './welcome.ts';
import { createGatewayFork } from './workers/fork-gateway.ts';
import { gatewayCount } from './workers/gateway-count.ts';
import { GatewayWorkers } from './workers/gateway-workers.ts';

/** What `npm start` does, from its flags to its end. */
export async function runShop(): Promise<void> {
  // Lines for people go to standard error, so that standard output is nothing but logs.
  const told = openLineOutput(process.stderr);
  const progress = createProgress(told);
  told.onLost = (lines) => progress.warn(`${lines} lines could not be written here.`);
  writePrivately();
  const config = readConfig(progress);
  if (config !== undefined) await run(config, progress, told);
}

/** Undefined: there is nothing to start, and the exit code says why. */
function readConfig(progress: Progress): Config | undefined {
  try {
    const { values } = readCommandLine({ options: {} });
    if (!values.help && !values.version) return parseConfig(readEnvironment());
    endWithReader(progress);
    process.stdout.write(values.help ? renderHelp(process.stdout.columns) : versionLine);
  } catch (error) {
    process.exitCode = tellProblem(error, progress);
  }
  return undefined;
}

async function run(config: Config, progress: Progress, told: LineOutput): Promise<void> {
  const output = openLineOutput(process.stdout, { together: true });
  const through = output.isTTY ? forPeople(output) : output;
  const log = createStandardLogger({
    level: config.logLevel,
    output,
    through,
    base: { role: roleNames(config.roles), pid: process.pid, version },
  });
  for (const warning of config.warnings) progress.warn(warning);
  log.debug({ config: describeConfig(config) }, 'configuration');

  const lifecycle = createLifecycle({ progress, log });
  const exitWhenTold = async (code: number) => {
    // Should nothing else keep the process alive meanwhile.
    process.exitCode = code;
    await Promise.all([output.flush(), told.flush()]);
    process.exit(code);
  };
  const guarded: GuardedProcess = {
    takeSignals,
    on: (event, listener) => process.on(event, listener),
    exit: (code) => process.exit(code),
    exitWhenTold,
  };
  const guard = guardProcess(guarded, { lifecycle, progress, log });
  const startedAt = performance.now();
  try {
    const workers = await forkGateways(config, lifecycle, log, through);
    // Only now: who asks for help, or has set something wrong, does not wait for all of it.
    const { startTrolley } = await import('./compose.ts');
    const running = await startTrolley(config, lifecycle, log, workers);
    progress.done('Trolley is ready', performance.now() - startedAt);
    const said = await welcome(config, running);
    if (said !== '') progress.say(said);
  } catch (error) {
    if (guard.ending) return;
    if (isStartProblem(error)) tellProblem(error, progress);
    // A store's own sentence, such as that of a damaged file, needs no stack either.
    else if (isActorError(error)) progress.fail(error.message);
    else {
      log.fatal({ err: error }, 'the start failed');
      progress.fail(`The start failed: ${String(error)}`);
    }
    await lifecycle.stop();
    await exitWhenTold(1);
  }
}

/** Processes for the gateway where it gets some; they read their program while this one starts the rest. */
async function forkGateways(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  output: DestinationStream,
): Promise<GatewayWorkers | undefined> {
  const count = gatewayCount(config, availableParallelism());
  if (count === 0) return undefined;
  const fork = createGatewayFork();
  return lifecycle.start({
    name: 'the gateway processes',
    start: () => new GatewayWorkers({ count, fork, clock: systemClock, random: Math.random, logger, output }),
    stop: (workers, signal) => workers.stop(signal),
    kill: (workers) => workers.kill(),
  });
}

/** Coloured lines in place of JSON, without what is the same in all of them. */
function forPeople(output: LineOutput): DestinationStream {
  const destination = new Writable({
    write(line: Buffer, _encoding, done) {
      output.write(line.toString());
      done();
    },
  });
  return pretty({ destination, ignore: 'role,pid,version', translateTime: 'SYS:HH:MM:ss.l' });
}
