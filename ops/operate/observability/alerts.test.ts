import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const root = join(import.meta.dirname, '..', '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { groups } = parse(read('ops/operate/observability/alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);

/** Labels by metric, as the guide lists them, which is held against the shop by `metrics.test.ts`. */
const documented = new Map(
  [...read('ops/guide/metrics.md').matchAll(/^\| `(trolley_\w+)` +\| \w+ +\|([\w, ]*)\|/gm)].map(
    ([, name = '', labels = '']) => [name, labels.split(',').map((label) => label.trim())] as const,
  ),
);
const everywhere = ['process', 'instance', 'job', 'le'];

describe('the alerts', () => {
  for (const { alert, expr, annotations } of alerts) {
    it(`${alert} asks for figures that there are, and names a page that says what to do`, () => {
      const asked = [...expr.matchAll(/(trolley_\w+)(?:\{([^}]*)\})?/g)];
      for (const [, series = '', matchers = ''] of asked) {
        const name = series.replace(/_(bucket|count|sum)$/, '');
        expect([...documented.keys()]).to.include(name);
        for (const [, label = ''] of matchers.matchAll(/(\w+)(?:=~?|!~|!=)"/g))
          expect([...(documented.get(name) ?? []), ...everywhere], series).to.include(label);
      }
      const [page = '', heading] = annotations.runbook.split('#');
      const headings = [...read(page).matchAll(/^## (\w+)$/gm)].map(([, title = '']) => title.toLowerCase());
      expect(headings).to.include(heading);
    });
  }

  it('are each seen to fire, and not to fire', () => {
    const { tests } = parse(read('ops/operate/observability/alerts.test.yml')) as {
      readonly tests: readonly { readonly name: string }[];
    };
    expect(tests.map(({ name }) => name).sort()).to.deep.equal(
      alerts.flatMap(({ alert }) => [`${alert} fires`, `${alert} stays quiet`]).sort(),
    );
  });

  it('have a page for each heading of the runbook', () => {
    const headings = [...read('ops/operate/runbook/alerts.md').matchAll(/^## (\w+)$/gm)].map(
      ([, name]) => name,
    );
    expect(headings.sort()).to.deep.equal(alerts.map(({ alert }) => alert).sort());
  });
});
