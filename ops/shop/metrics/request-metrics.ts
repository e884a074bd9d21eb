import { Counter, type Registry } from 'prom-client';
import { DurationHistogram } from '@trolley/runtime/prometheus';
import type { GatewayMetrics } from '../../../gateway/gateway-metrics.ts';

/** Requests to the REST API, by the route that they found and never by their path. */
export function requestMetrics(registry: Registry): GatewayMetrics['answered'] {
  const registers = [registry];
  const requests = new DurationHistogram({
    name: 'trolley_http_request_duration_seconds',
    help: 'How long requests took, until the answer had left. Status 499: their sender had gone.',
    labelNames: ['method', 'route', 'status'],
    registry,
  });
  const limited = new Counter({
    name: 'trolley_http_rate_limited_total',
    help: 'Requests that were refused since their sender had sent too many.',
    registers,
  });
  const shed = new Counter({
    name: 'trolley_http_shed_total',
    help: 'Requests that were refused with 503 at once since there was too much to do.',
    registers,
  });
  return ({ method, route = 'none', status, code, isShed, ms }) => {
    requests.observe([method, route, status], ms / 1000);
    if (code === 'rate_limited') limited.inc();
    if (isShed) shed.inc();
  };
}
