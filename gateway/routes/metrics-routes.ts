import { getMetrics } from '../api/operation-api.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { defineRoute, type Route } from './route.ts';

export function metricsRoutes({ text, contentType }: Pick<GatewayMetrics, 'text' | 'contentType'>): Route[] {
  return [
    defineRoute(getMetrics, {
      isProbe: true,
      handle: async () => ({ status: 200, contentType, body: await text() }),
    }),
  ];
}
