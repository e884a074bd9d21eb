import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';

const dashboard = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).default([]) })),
});

/**
 * The queries of a folder of dashboards as a file of Prometheus' rules, which `promtool` can check: one group for each
 * dashboard. What Grafana puts in is put in.
 */
export function dashboardRules(folder: string): string {
  const groups = readdirSync(folder).map((file) => {
    const { panels } = dashboard.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    const name = file.replace('.json', '');
    const rules = panels
      .flatMap(({ targets }) => targets)
      .map(({ expr }, index) => ({
        record: `${name}:query_${index}`,
        expr: expr.replaceAll('$__rate_interval', '1m'),
      }));
    return { name, rules };
  });
  return stringify({ groups });
}
