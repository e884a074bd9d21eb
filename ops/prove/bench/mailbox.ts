import { writeFile } from 'node:fs/promises';
import { readEnvironment } from '../../shop/environment.ts';
import { startRedis } from '../../shop/servers/embedded-redis.ts';
import type { Command, Given } from '../../shop/process/run-command.ts';
import { UsageProblem } from '../../shop/process/start-problem.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { renderBars } from './measure/bar.ts';
import { asksScenario } from './mailbox/asks.scenario.ts';
import { Bench, type Result, type Scenario } from './mailbox/bench.ts';
import { failoverScenario } from './mailbox/failover.scenario.ts';
import { manyKeysScenario } from './mailbox/many-keys.scenario.ts';
import { renderFigures } from './mailbox/report.ts';
import { spaceScenario } from './mailbox/space.scenario.ts';
import { tellsScenario } from './mailbox/tells.scenario.ts';

const scenarios = [asksScenario, tellsScenario, manyKeysScenario, spaceScenario, failoverScenario];

const help = `npm run bench -- mailbox [--json FILE] [--only NAME] [--quick]

Measures the mailboxes on a Redis of their own (AOF everysec, as in production), the asking side in this process
and each hosting side in one of its own. Read the ratios: they are medians of interleaved repetitions within one
run. Ends with 1 when a bar falls short.

  --only NAME   one of: ${scenarios.map(({ name, about }) => `\n                  ${name}: ${about}`).join('')}
  --quick       fewer and shorter repetitions, for development; its figures prove nothing
  --json FILE   writes {"bars": [{"name", "value", "bar", "ok"}], "figures": […]}
`;

const notes = [
  'The state store is in memory: what is measured is the mailbox. Processor times are per message.',
  'plain: one BullMQ queue with one Worker, one job at a time, which is how it keeps the order of a key.',
  'plain, no order: the same with 64 jobs at a time.',
];

const options = {
  json: { type: 'string' },
  only: { type: 'string' },
  quick: { type: 'boolean', default: false },
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- mailbox …` */
export const mailboxBench: Command<typeof options> = { help, options, run: ({ values }) => measure(values) };

async function measure(values: Values): Promise<number> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const print = (lines: string[]) => void process.stdout.write(`${lines.join('\n')}\n\n`);
  const chosen = scenarios.filter(({ name }) => values.only === undefined || name === values.only);
  if (chosen.length === 0) {
    const names = scenarios.map(({ name }) => name).join(', ');
    throw new UsageProblem(`--only knows ${names}, not '${values.only}'.`);
  }
  const { bars, figures } = await runAll(chosen, values.quick, say);
  print(renderFigures(figures));
  print(notes);
  print(renderBars(bars));
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ bars, figures }, undefined, 2)}\n`);
  }
  return bars.every(({ ok }) => ok) ? 0 : 1;
}

async function runAll(
  chosen: readonly Scenario[],
  quick: boolean,
  say: (line: string) => void,
): Promise<Result> {
  const dataDir = temporaryFolder('bench');
  try {
    const redis = await startRedis({ dataDir, searchPath: readEnvironment()['PATH'] ?? '' });
    say(redis.label);
    const bench = new Bench({ redisUrl: redis.url, quick, say });
    try {
      const results: Result[] = [];
      for (const scenario of chosen) results.push(await scenario.run(bench));
      return {
        bars: results.flatMap(({ bars }) => bars),
        figures: results.flatMap(({ figures }) => figures),
      };
    } finally {
      bench.redis.disconnect();
      await redis.stop();
    }
  } finally {
    removeTemporaryFolder(dataDir);
  }
}
