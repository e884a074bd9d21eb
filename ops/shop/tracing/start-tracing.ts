import { hostname } from 'node:os';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { Registry } from 'prom-client';
import { type Logger, systemClock } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import { createRuntimeTracing, type RuntimeTracing } from '@trolley/runtime/opentelemetry';
import type { GrpcObserver } from '../../../actors/services/grpc/grpc-observer.ts';
import type { GatewayTracing } from '../../../gateway/gateway-tracing.ts';
import type { TracingConfig } from '../config/config.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { version } from '../process/package-facts.mjs';
import { boundedSpans } from './bounded-spans.ts';
import { callSpans } from './call-spans.ts';
import { requestSpans } from './request-spans.ts';
import { createSpanExporter } from './span-exporter.ts';
import { createSampler } from './span-sampler.ts';

/** What each part of a process begins its spans by. */
export interface Tracing {
  readonly runtime: RuntimeTracing;
  readonly calls: Pick<GrpcObserver, 'aroundCall' | 'aroundServed'>;
  readonly requests: GatewayTracing;
}

export interface TracedProcess {
  /** Tells the processes of one shop apart: `main`, `gateway-1`, … */
  readonly name: string;
  readonly roles: string;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** What is left at the end is given so long: nobody waits for a collector that is away. */
const flushLimitMs = 3_000;

/** Makes spans, and sends them to the collector until the process ends. */
export async function startTracing(
  config: TracingConfig,
  lifecycle: Lifecycle,
  { name, roles, registry, logger }: TracedProcess,
): Promise<Tracing> {
  const exporter = await createSpanExporter(config);
  const processor = boundedSpans({
    exporter,
    maxQueued: config.maxQueuedSpans,
    gatherMs: config.gatherMs,
    registry,
    clock: systemClock,
    logger,
  });
  const provider = new TracerProvider({
    sampler: createSampler(config),
    resource: resourceFromAttributes({
      'service.name': config.serviceName,
      'service.version': version,
      'service.instance.id': `${hostname()}/${process.pid}`,
      'process.pid': process.pid,
      'trolley.process': name,
      'trolley.roles': roles,
    }).merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [processor],
  });
  await lifecycle.start({
    name: 'the tracing',
    start: () => provider,
    stop: (tracing) => flush(tracing, logger),
  });
  const tracer = provider.getTracer('trolley', version);
  return {
    runtime: createRuntimeTracing({ provider }),
    calls: callSpans(tracer),
    requests: requestSpans(tracer),
  };
}

async function flush(provider: TracerProvider, logger: Logger): Promise<void> {
  try {
    await withTimeLimit(systemClock, flushLimitMs, 'sending the last spans', provider.shutdown());
  } catch (error) {
    logger.warn({ err: error }, 'the last spans are lost');
  }
}
