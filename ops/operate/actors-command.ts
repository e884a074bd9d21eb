import { parseConfig } from '../shop/config/parse-config.ts';
import { readEnvironment } from '../shop/environment.ts';
import { runCommand } from '../shop/process/run-command.ts';
import { UsageProblem } from '../shop/process/start-problem.ts';
import { actorsHelp, runActors } from './inspection/actors-cli.ts';
import { reachRedis } from './inspection/running-redis.ts';

const defaultScan = '100000';

await runCommand({
  help: actorsHelp,
  maxWords: 4,
  options: { scan: { type: 'boolean', default: false } },
  async run({ values: { scan }, positionals }, progress) {
    const [verb, keys = defaultScan] = positionals;
    if (scan && (verb !== 'dead' || !/^[1-9]\d{0,8}$/.test(keys)))
      throw new UsageProblem('--scan goes with dead, and with a number of keys: dead --scan 100000.');
    const config = parseConfig(readEnvironment());
    const redis = await reachRedis(config);
    try {
      const print = (line: string) => void process.stdout.write(`${line}\n`);
      const call = { words: positionals, scan: scan ? Number(keys) : undefined };
      return await runActors(call, { redis, config, progress, print });
    } finally {
      redis.disconnect();
    }
  },
});
