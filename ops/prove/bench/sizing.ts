import { writeFile } from 'node:fs/promises';
import { readEnvironment } from '../../shop/environment.ts';
import { startRedis } from '../../shop/servers/embedded-redis.ts';
import type { Command, Given } from '../../shop/process/run-command.ts';
import { isStartProblem } from '../../shop/process/start-problem.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { Bench } from './mailbox/bench.ts';
import { spaceScenario } from './mailbox/space.scenario.ts';
import { renderCosts, type Cost } from './sizing/cost.ts';
import { kafkaCosts, mongoCosts } from './sizing/server-costs.ts';
import { shopCosts } from './sizing/shop-costs.ts';

const help = `npm run bench -- sizing [--json FILE] [--quick]

Measures what one cart, checkout, order, event, message and actor costs: bytes in each store and in memory, processor
time. Starts a shop on a DATA_DIR of its own, then a Redis for the mailboxes, then MongoDB and Kafka where they can be
had. Takes about two minutes; processor times are Linux's. Prints the table that ops/operate/runbook/sizing.md quotes.

  --quick       fewer of everything, for development; its figures prove nothing
  --json FILE   writes [{"what", "value", "unit", "note"}]
`;

const options = {
  json: { type: 'string' },
  quick: { type: 'boolean', default: false },
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- sizing …` */
export const sizingBench: Command<typeof options> = {
  help,
  options,
  run: ({ values }) => measureAll(values),
};

async function measureAll(values: Values): Promise<number> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const searchPath = readEnvironment()['PATH'] ?? '';
  const count = values.quick ? 300 : 2_000;
  const costs: Cost[] = [];
  for (const measure of [
    (dataDir: string) => shopCosts(dataDir, count, say),
    (dataDir: string) => mailboxCosts(dataDir, { quick: values.quick, searchPath, say }),
    (dataDir: string) => unlessMissing(say, () => mongoCosts({ dataDir, searchPath, say }, count)),
    (dataDir: string) => unlessMissing(say, () => kafkaCosts({ dataDir, searchPath, say }, 10 * count)),
  ]) {
    costs.push(...(await inFolder(measure)));
  }
  process.stdout.write(`${renderCosts(costs)}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(costs, undefined, 2)}\n`);
  return 0;
}

async function inFolder<T>(measure: (folder: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder('bench');
  try {
    return await measure(folder);
  } finally {
    removeTemporaryFolder(folder);
  }
}

async function unlessMissing(
  say: (line: string) => void,
  measure: () => Promise<Cost[]>,
): Promise<readonly Cost[]> {
  try {
    return await measure();
  } catch (error) {
    if (!isStartProblem(error)) throw error;
    say(`sizing: not measured. ${error.message}`);
    return [];
  }
}

interface MailboxPlace {
  readonly quick: boolean;
  readonly searchPath: string;
  readonly say: (line: string) => void;
}

/** What waits in Redis and what is in memory, as the bench of the mailboxes weighs it. */
async function mailboxCosts(dataDir: string, { quick, searchPath, say }: MailboxPlace): Promise<Cost[]> {
  const redis = await startRedis({ dataDir, searchPath });
  const bench = new Bench({ redisUrl: redis.url, quick, say });
  try {
    const { bars, figures } = await spaceScenario.run(bench);
    const bar = (name: string) => bars.find((each) => each.name === name)?.value ?? NaN;
    const figure = (name: string, of: string) =>
      figures.find((each) => each.name === name)?.values[of] ?? NaN;
    const bytes = (what: string, value: number, note: string): Cost => ({ what, value, unit: 'bytes', note });
    return [
      bytes('idle actor in Redis', bar('Redis bytes per idle actor'), 'nothing of it is left there'),
      bytes('waiting message in Redis', figure('queued message: trolley', 'bytes'), '10 wait for each actor'),
      bytes(
        'cluster in Redis, without actors',
        1024 * figure('the cluster itself, whatever the number of actors', 'Redis KB'),
        'leases, wake-ups, one inbox',
      ),
      bytes(
        'active actor in the memory of its node',
        1024 * bar('node memory per active actor'),
        'a small state, heap after a collection',
      ),
    ];
  } finally {
    bench.redis.disconnect();
    await redis.stop();
  }
}
