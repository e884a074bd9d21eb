import { outageHelp, parseOutageOptions } from './outage-options.ts';
import { describeOutages, writeOutages } from './outage-report.ts';
import { runOutages } from './outage-run.ts';
import type { ChaosScenario } from './scenario.ts';

export const outageScenario: ChaosScenario = {
  summary: 'the shop under load while Kafka, MongoDB, PostgreSQL and Redis are away, one after the other',
  help: outageHelp,
  async run(args, host) {
    const options = parseOutageOptions(args);
    const say = (line: string) => void host.terminal.write(`${line}\n`);
    const away = options.freeze ? 'frozen' : 'away';
    say(`${options.users} users; ${away} for ${options.awayMs / 1000} s each: ${options.of.join(', ')}`);
    const report = await runOutages(options, host, say);
    for (const line of describeOutages(report)) say(line);
    if (options.jsonFile !== undefined) writeOutages(options.jsonFile, report);
    return report.findings.length === 0;
  },
};
