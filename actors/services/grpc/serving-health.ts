import { HealthImplementation } from 'grpc-health-check';
import { systemClock, type Clock } from '../../../runtime/define/clock.ts';
import type { Logger } from '../../../runtime/observe/logger.ts';
import { createReadiness, type HealthChecks } from '../../../runtime/observe/readiness.ts';

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
      const health = await readiness();
      if (draining) return;
      const found = [...health.keys()].filter((name) => health.get(name) !== 'ok').join(', ');
      if (found !== failing) logger.warn({ services: names.slice(1), failing: found }, 'health has changed');
      failing = found;
      say(found === '' ? 'SERVING' : 'NOT_SERVING');
    },
    drain() {
      draining = true;
      say('NOT_SERVING');
    },
  };
}
