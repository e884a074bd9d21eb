import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';

const dashboard = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).default([]) })),
});

/** What Grafana puts in is put in: a time, and of variables any value. */
const filledIn = (expr: string) =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(role|instance)\b/g, '.*');

function dashboards(folder: string) {
  return readdirSync(folder).map((file) => {
    const { panels } = dashboard.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    const queries = panels.flatMap(({ targets }) => targets).map(({ expr }) => filledIn(expr));
    return { name: file.replace('.json', ''), queries };
  });
}

/** The queries of a folder of dashboards, as Prometheus takes them. */
export function dashboardQueries(folder: string): string[] {
  return dashboards(folder).flatMap(({ queries }) => queries);
}

/** The same as a file of Prometheus' rules, which `promtool` can check: one group for each dashboard. */
export function dashboardRules(folder: string): string {
  const groups = dashboards(folder).map(({ name, queries }) => ({
    name,
    rules: queries.map((expr, index) => ({ record: `${name}:query_${index}`, expr })),
  }));
  return stringify({ groups });
}
