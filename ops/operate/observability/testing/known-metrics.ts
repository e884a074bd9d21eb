import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** A metric as who asks for it knows it. */
export interface KnownMetric {
  readonly type: string;
  readonly labels: readonly string[];
}

const guide = join(import.meta.dirname, '..', '..', '..', 'guide', 'metrics.md');

/** The shop's own, as the guide lists them; `metrics.test.ts` holds the guide against the shop. */
export function documentedMetrics(): ReadonlyMap<string, KnownMetric> {
  const rows = readFileSync(guide, 'utf8').matchAll(/^\| `(trolley_\w+)` +\| (\w+) +\|([\w, ]*)\|/gm);
  return new Map(
    [...rows].map(([, name = '', type = '', labels = '']) => [name, { type, labels: words(labels) }]),
  );
}

/** What a query may ask for: the shop's own, those of each process, and Prometheus' own. */
export async function knownMetrics(): Promise<ReadonlyMap<string, KnownMetric>> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const ofProcess = (await registry.getMetricsAsJSON()).map(({ name, type }) => {
    const { labelNames = [] } = registry.getSingleMetric(name) as { labelNames?: readonly string[] };
    return [name, { type: String(type), labels: labelNames }] as const;
  });
  registry.clear();
  return new Map([
    ...documentedMetrics(),
    ...ofProcess,
    ['up', { type: 'gauge', labels: [] }],
    ['ALERTS', { type: 'gauge', labels: ['alertname', 'alertstate', 'severity'] }],
  ]);
}

/** Labels that a scrape adds to each series, and `process`, which each series of the shop has. */
const everywhere = ['process', 'instance', 'job', 'role'];

/** Metrics and labels of a query that do not exist, a line each. */
export function queryProblems(query: string, known: ReadonlyMap<string, KnownMetric>): string[] {
  const lines: string[] = [];
  const labels = new Set(everywhere);
  const asked = [...query.matchAll(/\b((?:trolley|nodejs|process)_\w+|up|ALERTS)\b(?:\{([^}]*)\})?/g)];
  if (asked.length === 0) lines.push('asks for no metric');
  for (const [, series = '', matchers = ''] of asked) {
    const suffix = /_(bucket|count|sum)$/.exec(series)?.[0] ?? '';
    const metric = known.get(series) ?? known.get(series.slice(0, series.length - suffix.length));
    if (metric === undefined || (metric.type === 'histogram') === known.has(series)) {
      lines.push(`there is no ${series}`);
      continue;
    }
    const own = [...metric.labels, ...everywhere, ...(suffix === '_bucket' ? ['le'] : [])];
    for (const label of own) labels.add(label);
    for (const [, label = ''] of matchers.matchAll(/(\w+) *(?:=~|!~|!=|=) *"/g))
      if (!own.includes(label)) lines.push(`${series} has no label ${label}`);
  }
  for (const [, grouping = ''] of query.matchAll(/\b(?:by|on|without|ignoring) *\(([^)]*)\)/g))
    for (const label of words(grouping)) if (!labels.has(label)) lines.push(`nothing has the label ${label}`);
  return lines;
}

/** Labels that are left in the result of a query that ends in one aggregation. */
export function groupingOf(query: string): readonly string[] {
  return [...query.matchAll(/\bby *\(([^)]*)\)/g)].flatMap(([, grouping = '']) => words(grouping));
}

function words(list: string): string[] {
  return list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
