import { type Logger, systemClock } from '@trolley/runtime';
import { createReadiness, type HealthCheck, type HealthChecks, watchHealth } from '@trolley/runtime/observe';
import { startSweep } from '../../../actors/services/sweep.ts';
import type { Config } from '../config/config.ts';
import { type Figures, openHealthServer } from '../process/health-server.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { listening } from './listening.ts';

/** What this process needs to do its work. */
export interface Health {
  readonly checks: HealthChecks;
  /** Adds a dependency. */
  addCheck(name: string, check: HealthCheck): void;
  /** Adds one that is only told of: the process is ready without it. */
  watch(name: string, check: HealthCheck): void;
  /** Adds one that another process looks at for the log. */
  addRemoteCheck(name: string, check: HealthCheck): void;
  /** The start is over: from now on readiness is up to the checks. */
  started(): void;
}

/** How often the dependencies are looked at for the log. */
const lookEveryMs = 2_000;

/** Answers probes on HEALTH_PORT from the first moment on; not ready until everything runs, nor once the stop began. */
export async function startHealth(
  { healthPort, http: { host } }: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  metrics?: Figures,
): Promise<Health> {
  let state = 'starting';
  lifecycle.stopping.addEventListener('abort', () => (state = 'stopping'));
  const watched: Record<string, HealthCheck> = {};
  const checks: Record<string, HealthCheck> = {
    process: () => (state === 'started' ? Promise.resolve() : Promise.reject(new Error(state))),
  };
  if (healthPort !== undefined) {
    const claim = { port: healthPort, variable: 'HEALTH_PORT', host };
    const readiness = createReadiness(checks, systemClock);
    await lifecycle.start({
      name: 'the health port',
      start: () =>
        listening.open(claim, () =>
          openHealthServer({ host, port: healthPort, probed: { readiness, metrics } }),
        ),
      stop: (server) => server.close(),
      describe: ({ port }) => `health on :${port}`,
    });
  }
  const look = watchHealth({ readiness: createReadiness(watched, systemClock), clock: systemClock, logger });
  await lifecycle.start({
    name: 'the watch over the dependencies',
    start: () =>
      startSweep({
        clock: systemClock,
        everyMs: lookEveryMs,
        logger,
        // What is started or stopped in order is no outage.
        round: async () => (state === 'started' ? look() : undefined),
      }),
    stop: (watch) => watch.close(),
  });
  return {
    checks,
    addCheck(name, check) {
      checks[name] = check;
      watched[name] = check;
    },
    addRemoteCheck(name, check) {
      checks[name] = check;
    },
    watch(name, check) {
      watched[name] = check;
    },
    started() {
      if (state === 'starting') state = 'started';
    },
  };
}
