import { HealthImplementation } from 'grpc-health-check';
import { type Clock, createReadiness, type HealthChecks, type Logger, systemClock } from '@trolley/runtime';

interface ServingHealthOptions {
  readonly services: readonly { readonly name: string }[];
  readonly needs?: HealthChecks;
  readonly clock?: Clock;
  readonly logger: Logger;
}

interface ServingHealth {
  readonly implementation: HealthImplementation;
  /** Says SERVING when all needs are met, else NOT_SERVING. */
  look(): Promise<void>;
  /** Says NOT_SERVING for good. */
  drain(): void;
}

/** `grpc.health.v1` for a server and each of its services. */
export function createServingHealth(options: ServingHealthOptions): ServingHealth {
  const { services, needs = {}, clock = systemClock, logger } = options;
  const names = ['', ...services.map(({ name }) => name)];
  const readiness = createReadiness(needs, clock);
  const implementation = new HealthImplementation();
  let draining = false;
  let failing = '';

  function say(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const name of names) implementation.setStatus(name, status);
  }
  return {
    implementation,
    async look() {
      const { reasons } = await readiness();
      if (draining) return;
      const found = Object.keys(reasons).join(', ');
      // The health of the whole process tells it to everybody.
      if (found !== failing) logger.debug({ services: names.slice(1), reasons }, 'health has changed');
      failing = found;
      say(found === '' ? 'SERVING' : 'NOT_SERVING');
    },
    drain() {
      draining = true;
      say('NOT_SERVING');
    },
  };
}
