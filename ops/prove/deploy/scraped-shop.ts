import { join } from 'node:path';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { EventFollower } from '../e2e/event-follower.ts';
import { eventually } from '../e2e/eventually.ts';
import type { ShopClient } from '../e2e/shop-client.ts';
import { portOf } from '../e2e/shop-environment.ts';
import { ShopProcess } from '../e2e/shop-process.ts';
import { dashboardQueries } from './dashboard-rules.ts';
import { RealPrometheus } from './real-prometheus.ts';

/** A counter has no series before it counts, and a healthy shop counts none of these. */
const onlyInTrouble = [
  'trolley_dead_letters_total',
  'trolley_http_shed_total',
  'trolley_parked_actors_total',
  'trolley_scrape_failures_total',
  'trolley_shards_left_total',
  'trolley_spans_dropped_total',
  'trolley_turn_failures_total',
  'trolley_turn_retries_total',
];
const dataWithinMs = 60_000;

/**
 * Has a Prometheus read a shop that sells, by the configuration that is deployed: each query of the dashboards gives
 * data, and each alert can be decided.
 * @throws StartProblem with what does not, a line each
 */
export async function scrapeShop(prometheus: string, observability: string): Promise<void> {
  const folder = temporaryFolder('scraped-shop');
  const shop = await ShopProcess.start({
    DATA_DIR: join(folder, 'shop'),
    ...{ HEALTH_PORT: '0', GATEWAY_PROCESSES: '2', ACTOR_IDLE_MS: '500' },
    ...{ RATE_LIMIT_RPS: '5', RATE_LIMIT_BURST: '5' },
    // One less than a line may ask for.
    SEED_STOCK: '98',
    // Nobody is there; what is sent is counted all the same.
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  });
  try {
    await using server = await RealPrometheus.start(prometheus, {
      folder,
      configFile: join(observability, 'prometheus.yml'),
      port: portOf(shop.lines, 'health'),
    });
    await eventually(() => server.isReady(), 'a Prometheus that is ready');
    const open = new Map(
      dashboardQueries(join(observability, 'grafana/dashboards')).map((each) => [each, true]),
    );
    let userId = 1;
    const problems = await eventually(
      async () => {
        await trade(shop.client, userId++);
        for (const query of open.keys())
          if ((await server.count(query)) > 0 || isQuiet(query)) open.delete(query);
        const rules = await server.ruleProblems();
        return open.size === 0 && rules.length === 0 && [];
      },
      'data',
      dataWithinMs,
    ).catch(async () => [
      ...[...open.keys()].map((query) => `no data: ${query}`),
      ...(await server.ruleProblems()),
    ]);
    if (problems.length > 0) throw new StartProblem(problems.join('\n'));
  } finally {
    shop.signal('SIGTERM');
    await shop.ended;
    removeTemporaryFolder(folder);
  }
}

/** Whether a healthy shop gives no data: it answers nothing with 5xx, and no alert fires. */
function isQuiet(query: string): boolean {
  if (query.includes('status=~"5.."') || query.includes('ALERTS{')) return true;
  const asked = [...query.matchAll(/\btrolley_\w+/g)].map(([name]) => name);
  return asked.some((name) => onlyInTrouble.includes(name));
}

/** A bit of everything that a user may do, refusals included. */
async function trade(client: ShopClient, userId: number): Promise<void> {
  const user = await client.user(userId);
  const follower = new EventFollower(() => client.url, user);
  await follower.ready;
  await user.sendAdd(1, 1);
  await user.send('GET', '/cart');
  await user.checkout('bought');
  const refused = await client.user(1_000_000 + userId);
  await refused.sendAdd(2, 1);
  await refused.checkout('refused', { payment_method: 'card_declined' });
  const greedy = await client.user(2_000_000 + userId);
  await greedy.sendAdd(3, 99);
  await greedy.checkout('more than there is');
  await user.checkout('of nothing');
  await Promise.all(Array.from({ length: 8 }, () => user.send('GET', '/cart')));
  await follower.stop();
}
