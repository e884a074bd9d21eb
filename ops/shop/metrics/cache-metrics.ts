import { Counter, type Registry } from 'prom-client';
import type { Caches } from '../../../gateway/shop.ts';

/** Tallies that the caches keep, read when somebody looks: they are asked too often to do more than add one. */
export function cacheMetrics(registry: Registry): Caches {
  const caches: Caches = { prices: { hits: 0, misses: 0 }, cart_views: { hits: 0, misses: 0 } };
  new Counter({
    name: 'trolley_cache_reads_total',
    help: 'How often a cache was asked. Result: hit, or miss.',
    labelNames: ['cache', 'result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [cache, { hits, misses }] of Object.entries(caches)) {
        this.inc({ cache, result: 'hit' }, hits);
        this.inc({ cache, result: 'miss' }, misses);
      }
    },
  });
  return caches;
}
