import { clusterHelp, parseClusterOptions } from './cluster-options.ts';
import { describeReport, writeReport } from './cluster-report.ts';
import { runCluster } from './cluster-run.ts';
import type { ChaosScenario } from './scenario.ts';

export const clusterScenario: ChaosScenario = {
  summary: 'an actor cluster under load while nodes and Redis are killed, frozen, drained and added',
  help: clusterHelp,
  async run(args, host) {
    const options = parseClusterOptions(args);
    const say = (line: string) => void host.terminal.write(`${line}\n`);
    const { nodes, clients, keys, messages, seed, flush } = options;
    say(
      `${nodes} nodes, ${clients} clients, ${keys} keys, ${messages} messages, ` +
        `${flush ? 'Redis without a log, flushed' : 'Redis with AOF'}, seed ${seed}`,
    );
    const report = await runCluster(options, host, say);
    for (const line of describeReport(report)) say(line);
    if (options.jsonFile !== undefined) writeReport(options.jsonFile, report);
    return report.findings.length === 0;
  },
};
