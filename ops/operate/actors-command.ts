import { parseConfig } from '../shop/config/parse-config.ts';
import { readEnvironment } from '../shop/environment.ts';
import { runCommand } from '../shop/process/run-command.ts';
import { UsageProblem } from '../shop/process/start-problem.ts';
import { actorsHelp, runActors } from './inspection/actors-cli.ts';
import { reachRedis } from './inspection/running-redis.ts';

await runCommand({
  help: actorsHelp,
  maxWords: 4,
  options: { limit: { type: 'string' }, after: { type: 'string' } },
  async run({ values: { limit, after: cursor }, positionals: words }, progress) {
    if (limit !== undefined && !/^\d{1,3}$/.test(limit))
      throw new UsageProblem(`--limit goes with a number, 1 to 500, not ${limit}.`);
    const config = parseConfig(readEnvironment());
    const redis = await reachRedis(config);
    try {
      const print = (line: string) => void process.stdout.write(`${line}\n`);
      const call = { words, cursor, limit: limit === undefined ? undefined : Number(limit) };
      return await runActors(call, { redis, config, progress, print });
    } finally {
      redis.disconnect();
    }
  },
});
