import type { Logger } from '@trolley/runtime';
import type { Config } from '../config/config.ts';
import { roleNames } from '../config/roles.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import type { Tracing } from '../tracing/start-tracing.ts';

export type { Tracing };

/** Where no collector is named, nothing of the SDK is even loaded. */
export async function startTracing(
  { tracing, roles }: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  { process: name, registry }: Metrics,
): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  const { startTracing: start } = await import('../tracing/start-tracing.ts');
  return start(tracing, lifecycle, { name, roles: roleNames(roles), registry, logger });
}
