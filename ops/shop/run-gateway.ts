import { isActorError } from '@trolley/runtime';
import { createStandardLogger, openLineOutput } from '@trolley/runtime/observe';
import type { startGatewayOf } from './compose.ts';
import { parseConfig } from './config/parse-config.ts';
import { roleNames } from './config/roles.ts';
import { readEnvironment } from './environment.ts';
import { takeSignals } from './process/ending.mjs';
import { writePrivately } from './process/keep-private.ts';
import { createLifecycle } from './process/lifecycle.ts';
import { version } from './process/package-facts.mjs';
import { guardProcess } from './process/process-guard.ts';
import { createProgress } from './process/progress.ts';
import { isStartProblem } from './process/start-problem.ts';
import type { GatewayOrder } from './workers/messages.ts';
import { Primary } from './workers/primary.ts';

type StartGateway = typeof startGatewayOf;

/** A gateway of the shop that the primary process is, until that one ends it or is gone. */
export async function runGateway(): Promise<void> {
  process.title = 'trolley gateway';
  // Ctrl-C reaches all processes of a terminal, and the primary knows what to end first.
  takeSignals(() => undefined);
  writePrivately();
  // Read while the primary starts the rest.
  const program = import('./compose.ts').then(({ startGatewayOf }) => startGatewayOf);
  const primary = new Primary(process);
  const leave = () => process.exit(0);
  primary.stopped.addEventListener('abort', leave);
  const order = await primary.order;
  primary.stopped.removeEventListener('abort', leave);
  await serve(primary, order, program);
}

async function serve(primary: Primary, order: GatewayOrder, program: Promise<StartGateway>): Promise<void> {
  const config = parseConfig({ ...readEnvironment(), ...order.environment });
  const output = openLineOutput(process.stdout, { together: true });
  const base = { role: roleNames(config.roles), pid: process.pid, version };
  const log = createStandardLogger({ level: config.logLevel, output, base });
  // People are told by the primary.
  const progress = createProgress({ write: () => undefined });
  const lifecycle = createLifecycle({ progress, log });
  const exitWhenTold = async (code: number) => {
    process.exitCode = code;
    await output.flush();
    process.exit(code);
  };
  const guard = guardProcess(
    {
      takeSignals(listener) {
        takeSignals((name) => {
          if (name === 'SIGTERM') listener(name);
        });
        primary.stopped.addEventListener('abort', () => listener('an order'));
      },
      on: (event, listener) => process.on(event, listener),
      exit: (code) => process.exit(code),
      exitWhenTold,
    },
    { lifecycle, progress, log },
  );
  try {
    const startOf = await program;
    const dependencies = order.dependencies.map((each) => [each.name, primary.checkOf(each)] as const);
    const { url, port } = await startOf(config, lifecycle, log, {
      name: order.name,
      dependencies: Object.fromEntries(dependencies),
      metrics: () => primary.metrics(),
      link: order.isLinked ? primary.link : undefined,
      onStarting: (measure) => primary.measuredBy(measure),
    });
    void primary.tell({ ready: { url, port } });
  } catch (error) {
    if (guard.ending) return;
    if (!isStartProblem(error) && !isActorError(error)) log.fatal({ err: error }, 'the start failed');
    await primary.tell({ problem: error instanceof Error ? error.message : String(error) });
    await lifecycle.stop();
    await exitWhenTold(1);
  }
}
