import { HealthImplementation, service as healthDefinition } from 'grpc-health-check';
import { type Clock, type Logger, systemClock } from '@trolley/runtime';
import { createReadiness, type HealthChecks } from '@trolley/runtime/observe';
import { RpcError, rpcStatusOf } from './rpc-error.ts';
import type { UnaryMethod } from './unary-method.ts';
import type { ServedMethod } from './unary-service.ts';

type ServingStatus = 'SERVING' | 'NOT_SERVING';

interface ServingHealthOptions {
  readonly services: readonly { readonly name: string }[];
  readonly needs?: HealthChecks;
  readonly clock?: Clock;
  readonly logger: Logger;
}

interface ServingHealth {
  /** For the server of grpc-js. */
  readonly implementation: HealthImplementation;
  /** The same, of a single look, for callers in this process. */
  readonly check: ServedMethod;
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
  let said: ServingStatus = 'NOT_SERVING';

  function say(status: ServingStatus): void {
    said = status;
    for (const name of names) implementation.setStatus(name, status);
  }
  return {
    implementation,
    check: {
      method: healthDefinition['Check'] as UnaryMethod<unknown, unknown>,
      statusOf: rpcStatusOf,
      answer(request) {
        const { service } = request as { service: string };
        if (!names.includes(service)) throw new RpcError('not_found', `there is no service ${service}`);
        return { status: said };
      },
    },
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
