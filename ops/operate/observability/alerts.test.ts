import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { cartConsumerGroup } from '../../../actors/cart/cart.consumer.ts';
import { orderConsumerGroup } from '../../../actors/order/order.consumer.ts';
import { knownMetrics, queryProblems } from './testing/known-metrics.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

/** A shop, and how many of an alert fire in it. */
interface AlertTest {
  readonly name: string;
  readonly promql_expr_test: readonly [
    { readonly expr: string; readonly exp_samples: readonly [{ readonly value: number }] },
  ];
}

const root = join(import.meta.dirname, '..', '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { groups } = parse(read('ops/operate/observability/alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);

describe('the alerts', () => {
  for (const { alert, expr, annotations } of alerts) {
    it(`${alert} asks for figures that there are, and names a page that says what to do`, async () => {
      expect(queryProblems(expr, await knownMetrics())).to.deep.equal([]);
      const [page = '', heading] = annotations.runbook.split('#');
      const headings = [...read(page).matchAll(/^## (\w+)$/gm)].map(([, title = '']) => title.toLowerCase());
      expect(headings).to.include(heading);
    });
  }

  it('are each seen to fire, and not to fire', () => {
    const { tests } = parse(read('ops/operate/observability/alerts.test.yml')) as {
      readonly tests: readonly AlertTest[];
    };
    for (const { name, promql_expr_test: asked } of tests) {
      const [alert = ''] = name.split(/\W/);
      const firing = `count(ALERTS{alertname="${alert}",alertstate="firing"})`;
      const [{ expr, exp_samples: samples }] = asked;
      expect(expr, name).to.equal(name.endsWith('fires') ? firing : `${firing} or vector(0)`);
      expect(samples[0].value > 0, name).to.equal(name.endsWith('fires'));
    }
    const names = tests.map(({ name }) => name);
    expect(names).to.include.members(
      alerts.flatMap(({ alert }) => [`${alert} fires`, `${alert} stays quiet`]),
    );
    // Some fire in more than one shop.
    const known = alerts.map(({ alert }) => alert);
    expect(names.filter((name) => !known.includes(/^\w+/.exec(name)?.[0] ?? ''))).to.deep.equal([]);
  });

  it('ask for each group of consumers that there is', () => {
    const away = alerts.find(({ alert }) => alert === 'RelayOrConsumersAway');
    const named = [...(away?.expr ?? '').matchAll(/group="([^"]+)"/g)].map(([, group]) => group);
    expect(named.sort()).to.deep.equal([cartConsumerGroup, orderConsumerGroup].sort());
  });

  it('have a page for each heading of the runbook', () => {
    const headings = [...read('ops/operate/runbook/alerts.md').matchAll(/^## (\w+)$/gm)].map(
      ([, name]) => name,
    );
    expect(headings.sort()).to.deep.equal(alerts.map(({ alert }) => alert).sort());
  });
});
