import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { documentedMetrics, groupingOf, knownMetrics, queryProblems } from './testing/known-metrics.ts';

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

const grafana = join(import.meta.dirname, 'grafana');
const folder = join(grafana, 'dashboards');
const read = (file: string) => parse(readFileSync(join(grafana, file), 'utf8')) as Record<string, unknown>;
const dashboards = readdirSync(folder).map(
  (file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard] as const,
);
/** `$__rate_interval` and the like are Grafana's; the others are the dashboard's own. */
const variablesOf = (text: string) =>
  [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name).filter((name) => !name.startsWith('__'));

describe('the dashboards', () => {
  for (const [file, { uid, panels, templating }] of dashboards) {
    it(`${file} asks for metrics and labels that there are`, async () => {
      const known = await knownMetrics();
      const problems = panels.flatMap(({ title, targets = [] }) =>
        targets.flatMap(({ expr, legendFormat = '' }) => {
          const left = groupingOf(expr);
          const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
          return [
            ...queryProblems(expr, known),
            ...named.filter((label) => !left.includes(label)).map((label) => `leaves no label ${label}`),
          ].map((line) => `${title}: ${line}`);
        }),
      );
      expect(problems).to.deep.equal([]);
      expect(uid).to.equal(`trolley-${file.replace('.json', '')}`);
    });

    it(`${file} uses variables that it has, and each panel has a place of its own`, () => {
      const own = templating.list.map(({ name }) => name);
      for (const panel of panels) expect(own).to.include.members(variablesOf(JSON.stringify(panel)));
      const taken = new Set<string>();
      for (const { title, type, targets = [], gridPos } of panels) {
        expect(targets.length > 0, title).to.equal(type !== 'row');
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            expect(taken.has(`${x},${y}`), `${title} at ${x},${y}`).to.equal(false);
            expect(x).to.be.below(24);
            taken.add(`${x},${y}`);
          }
      }
    });
  }

  it('show every metric of the shop', () => {
    const queries = dashboards.flatMap(([, { panels }]) =>
      panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    );
    const unseen = [...documentedMetrics().keys()].filter(
      (name) => !queries.some((query) => new RegExp(`\\b${name}(_(bucket|count|sum))?\\b`).test(query)),
    );
    expect(unseen).to.deep.equal([]);
  });

  it('are provisioned, with the sources that they and links between traces and logs name', () => {
    const { providers } = read('dashboards.yml') as { providers: readonly { options: { path: string } }[] };
    expect(providers.map(({ options }) => options.path)).to.deep.equal(['/var/lib/grafana/dashboards']);
    const { datasources } = read('datasources.yml') as {
      datasources: readonly { uid: string; type: string; isDefault?: boolean }[];
    };
    expect(datasources.filter(({ isDefault }) => isDefault).map(({ type }) => type)).to.deep.equal([
      'prometheus',
    ]);
    const named = [...JSON.stringify(datasources).matchAll(/"datasourceUid":"(\w+)"/g)].map(([, uid]) => uid);
    expect(named).to.have.length.above(0);
    expect(datasources.map(({ uid }) => uid)).to.include.members(named);
  });
});

describe('what a query asks for', () => {
  const known = new Map([
    ['trolley_things_total', { type: 'counter', labels: ['kind'] }],
    ['trolley_wait_seconds', { type: 'histogram', labels: ['actor'] }],
  ]);

  it('is told when it does not exist', () => {
    for (const [query, problems] of [
      ['sum by (kind) (rate(trolley_things_total{kind="a", instance="b"}[5m]))', []],
      ['sum by (le, actor) (rate(trolley_wait_seconds_bucket{le="1"}[5m]))', []],
      ['sum(trolley_thing_total)', ['there is no trolley_thing_total']],
      ['sum(trolley_wait_seconds)', ['there is no trolley_wait_seconds']],
      ['sum(trolley_things_total_count)', ['there is no trolley_things_total_count']],
      ['trolley_things_total{kin=~"a"}', ['trolley_things_total has no label kin']],
      ['trolley_wait_seconds_count{le="1"}', ['trolley_wait_seconds_count has no label le']],
      ['sum by (kind) (trolley_wait_seconds_sum)', ['nothing has the label kind']],
      ['vector(1)', ['asks for no metric']],
    ] as const)
      expect(queryProblems(query, known), query).to.deep.equal(problems);
  });
});
